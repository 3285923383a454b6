using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Dht;

/// <summary>
/// Grain calls that are tried again when they do not get through: a silo that died takes the calls in it along, and those
/// to its grains fail until the others have declared it dead, by Orleans' defaults within 18 s.
/// </summary>
internal sealed class PatientCalls(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(1);

    /// <summary>The answer of a grain.</summary>
    /// <param name="name">What the log calls the grain.</param>
    /// <param name="call">May be made several times, and the earlier ones may be executed all the same.</param>
    /// <param name="limit">How long it may take in all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Exception">The last failure, when time is up or it is none that passes.</exception>
    public async Task<T> CallAsync<T>(string name, Func<ValueTask<T>> call, TimeLimit limit, CancellationToken cancellationToken)
    {
        for (var delay = FirstBackOff; ; delay = delay * 2 < LongestBackOff ? delay * 2 : LongestBackOff)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await call().AsTask().WaitAsync(limit.Left, time, cancellationToken);
            }
            catch (Exception e) when (e is OrleansMessageRejectionException or TimeoutException && delay < limit.Left)
            {
                logger.CallRetried(name, delay, e.Message);
            }

            await Task.Delay(delay, time, cancellationToken);
        }
    }
}
