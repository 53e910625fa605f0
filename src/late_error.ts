/**
 * Errors that were made when no call was running: on a later turn of the event
 * loop, or for a call that was still to come; and errors deep below the call.
 * Their stacks tell of this package only; what follows makes them lead to the
 * call that they are for.
 *
 * @module
 */

/** The most functions of this package that one call of its users runs through. */
const OWN_FRAMES = 20;

/**
 * Lets an error's stack lead to who is running now; or to who has called, or
 * awaits, a function that is running. Functions of ours in between do not count:
 * a stack has ten, and a line of a text file takes as many.
 */
export function retrace<E>(
  error: E,
  within: Parameters<typeof Error.captureStackTrace>[1] = retrace,
): E {
  if (!(error instanceof Error)) return error;
  const { stackTraceLimit } = Error;
  if (stackTraceLimit > 0) Error.stackTraceLimit += OWN_FRAMES;
  Error.captureStackTrace(error, within);
  Error.stackTraceLimit = stackTraceLimit;
  return error;
}

/**
 * Rejects a promise, by its `resolve`, with an error whose stack leads to who
 * awaits it. V8 finds that out from the promise that a reaction is for, so there
 * has to be one; calls that succeed pay nothing for it.
 */
export function rejectLate(
  resolve: (failing: Promise<never>) => void,
  error: unknown,
): void {
  const { promise, reject } = Promise.withResolvers<never>();
  const raise = (): never => {
    throw retrace(error, raise);
  };
  resolve(promise.catch(raise));
  // The promise that is resolved follows this one by then.
  queueMicrotask(() => reject(error));
}
