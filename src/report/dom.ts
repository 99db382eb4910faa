/** A document to draw figures in without a browser. linkedom is small and has what Observable Plot needs. */
import { parseHTML } from 'linkedom';

export function newDocument(): Document {
  return parseHTML('<!doctype html><html><body></body></html>').document as unknown as Document;
}
