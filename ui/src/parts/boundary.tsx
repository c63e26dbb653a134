import { Component, type ReactNode } from "react";
import { Failure } from "./states.tsx";

/** A view that breaks is replaced by what happened; the rest of the page goes on. React knows this only as a class. */
export class Boundary extends Component<
  { place: string; children: ReactNode },
  { error: Error | null }
> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override componentDidUpdate(before: { place: string }): void {
    if (before.place !== this.props.place && this.state.error !== null)
      this.setState({ error: null });
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return <Failure error={error} onRetry={() => window.location.reload()} />;
  }
}
