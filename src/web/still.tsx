/** A part of a page that is rendered again only when its inputs change. */
import { Component, type ComponentChildren } from 'preact';

interface Props {
  /** The inputs, compared one by one. */
  from: readonly unknown[];
  children(): ComponentChildren;
}

export class Still extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    return next.from.length !== this.props.from.length || next.from.some((v, i) => !Object.is(v, this.props.from[i]));
  }

  override render() {
    return this.props.children();
  }
}
