using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Messaging;

namespace KadOrleans.Client;

// Makes grain calls with retries, by one policy for edges, silos and clients. A failed call is retried until its time limit. A dead silo
// loses its pending calls. Calls to its grains fail until the other silos declare it dead, within 18 s. A call that timed out is retried
// too and may run twice: those that allow that are reads, and puts, which a shard orders by the time of receipt. A call whose answer says
// what it changed, or that does more each time, is made by CallOnceAsync.
internal sealed partial class GrainCalls(TimeProvider time, ILogger logger, TimeSpan? longestPause = null)
{
    // Whether a call failed for a transient reason. These are: a silo that is not yet declared dead, a missing or overloaded
    // gateway, an unconnected edge, a timeout, a connection that the other side ended while it was made: Orleans passes on the socket's error.
    public static bool IsTransient(Exception exception) => exception is TimeoutException or OrleansMessageRejectionException
        or ConnectionFailedException or GatewayTooBusyException or ClientNotAvailableException or SocketException;

    /// <summary>Observes the failure of a call that nobody awaits.</summary>
    public static void Ignore(Task call) => _ = call.ContinueWith(
        static failed => failed.Exception,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    public BackOff Pauses() => new(TimeSpan.FromMilliseconds(50), longestPause ?? TimeSpan.FromSeconds(1));

    /// <summary>Calls a grain, with retries within a limit. Each try may execute.</summary>
    /// <exception cref="Exception">The last failure, at the time limit or if it is not transient.</exception>
    public Task<T> CallAsync<T>(string name, Func<ValueTask<T>> call, TimeLimit limit, CancellationToken cancellationToken) =>
        CallAsync(name, call, IsTransient, limit, cancellationToken);

    /// <summary>Calls a grain, with retries while no try can have executed.</summary>
    /// <exception cref="Exception">The last failure. By <see cref="MayHaveRun"/> the call may have been carried out all the same.</exception>
    public Task<T> CallOnceAsync<T>(string name, Func<ValueTask<T>> call, TimeLimit limit, CancellationToken cancellationToken) =>
        CallAsync(name, call, static e => IsTransient(e) && !MayHaveRun(e), limit, cancellationToken);

    // Whether a call that failed so may have executed: its response did not come in time, its silo died, or a socket failed, which does not say
    // when. Other transient failures are of calls that were not delivered.
    public static bool MayHaveRun(Exception exception) => exception is TimeoutException or SiloUnavailableException or SocketException;

    private async Task<T> CallAsync<T>(
        string name, Func<ValueTask<T>> call, Func<Exception, bool> isRetried, TimeLimit limit, CancellationToken cancellationToken)
    {
        BackOff? pauses = null;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            TimeSpan pause;
            try
            {
                var called = call().AsTask();
                Ignore(called);
                return await called.WaitAsync(limit.Left, time, cancellationToken);
            }
            catch (Exception e) when (isRetried(e) && (pauses ??= Pauses()).Coming < limit.Left)
            {
                pause = Retry(name, pauses, e);
            }

            await Task.Delay(pause, time, cancellationToken);
        }
    }

    public TimeSpan Retry(string name, BackOff pauses, Exception failure)
    {
        var pause = pauses.Next();
        Retried(logger, name, pause, failure.Message);
        return pause;
    }

    [LoggerMessage(6300, LogLevel.Debug, "A call to {Grain} failed; retry in {Delay}: {Message}")]
    private static partial void Retried(ILogger logger, string grain, TimeSpan delay, string message);
}
