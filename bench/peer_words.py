"""Accuracy of logistic regression on which words a text has, for bench/text-accuracy.ts.

    python3 bench/peer_words.py < SETS            needs scikit-learn

SETS: a JSON list of the training and the test set, each with `texts` and `labels`. Prints the share of test texts that are told right.
"""
import json
import sys

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

train, test = json.load(sys.stdin)
words = CountVectorizer(binary=True)
model = LogisticRegression(max_iter=1000).fit(words.fit_transform(train["texts"]), train["labels"])
print(model.score(words.transform(test["texts"]), test["labels"]))
