using Microsoft.Extensions.Logging;
using Orleans.Runtime.Messaging;

namespace KadOrleans.Grains.Abstractions;

/// <summary>
/// Grain calls that are retried, by one policy for edges, silos and clients. A call that did not get through is made again
/// while there is time: a silo that died takes the calls in it along, and those to its grains fail until the other silos have
/// declared it dead, by Orleans' defaults within 18 s. A call that timed out is retried too. It may still be executed, so
/// only what may be executed twice is called this way: a shard judges a put by when it was taken in.
/// </summary>
/// <param name="time">For pauses and limits.</param>
/// <param name="logger">Told of each retry.</param>
/// <param name="firstPause">The pause before the first retry; it doubles up to <paramref name="longestPause"/>. Default 50 ms.</param>
/// <param name="longestPause">The longest pause. Default 1 s.</param>
internal sealed partial class GrainCalls(TimeProvider time, ILogger logger, TimeSpan? firstPause = null, TimeSpan? longestPause = null)
{
    /// <summary>
    /// Whether a call failed for a reason that passes by itself: a silo that died and is not yet declared dead, no gateway, a
    /// gateway that is too busy, an edge that is not connected, a response that did not come in time.
    /// </summary>
    public static bool IsTransient(Exception exception) => exception is TimeoutException or OrleansMessageRejectionException
        or ConnectionFailedException or GatewayTooBusyException or ClientNotAvailableException;

    /// <summary>Observes the failure of a call that nobody waits for any more.</summary>
    public static void Ignore(Task call) => _ = call.ContinueWith(
        static failed => failed.Exception,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    /// <summary>Pauses between retries, from the first on.</summary>
    public BackOff Pauses() => new(firstPause ?? TimeSpan.FromMilliseconds(50), longestPause ?? TimeSpan.FromSeconds(1));

    /// <summary>The response of a grain.</summary>
    /// <param name="name">What the log calls the grain.</param>
    /// <param name="call">May be made several times, and the earlier ones may be executed all the same.</param>
    /// <param name="limit">How long it may take in all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Exception">The last failure, when time is up or the failure is not transient.</exception>
    public async Task<T> CallAsync<T>(string name, Func<ValueTask<T>> call, TimeLimit limit, CancellationToken cancellationToken)
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
            catch (Exception e) when (IsTransient(e) && (pauses ??= Pauses()).Coming < limit.Left)
            {
                pause = Retry(name, pauses, e);
            }

            await Task.Delay(pause, time, cancellationToken);
        }
    }

    /// <summary>The pause before the next try of a call that failed, which is logged.</summary>
    public TimeSpan Retry(string name, BackOff pauses, Exception failure)
    {
        var pause = pauses.Next();
        Retried(logger, name, pause, failure.Message);
        return pause;
    }

    [LoggerMessage(6043, LogLevel.Debug, "A call to {Grain} failed; retry in {Delay}: {Message}")]
    private static partial void Retried(ILogger logger, string grain, TimeSpan delay, string message);
}

/// <summary>Pauses that double up to a longest one. Used by one caller at a time.</summary>
internal sealed class BackOff(TimeSpan first, TimeSpan longest)
{
    /// <summary>The pause that <see cref="Next"/> gives next.</summary>
    public TimeSpan Coming { get; private set; } = first;

    /// <summary>The pause to make now.</summary>
    public TimeSpan Next()
    {
        var pause = Coming;
        Coming = pause * 2 < longest ? pause * 2 : longest;
        return pause;
    }
}

/// <summary>A span of time that runs out, from its creation on.</summary>
internal readonly struct TimeLimit(TimeSpan length, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    /// <summary>What is left of it; never negative.</summary>
    public TimeSpan Left => length - time.GetElapsedTime(_started) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
}
