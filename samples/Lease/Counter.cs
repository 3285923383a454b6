using KadOrleans;
using KadOrleans.Core.Values;

namespace Leases;

/// <summary>A count that many add to at once. Each addition is made once, also if an answer is lost.</summary>
public sealed class Counter(IDht dht, string name, TimeProvider time)
{
    /// <summary>Adds one, and returns the count with it.</summary>
    /// <exception cref="InvalidOperationException">Whether it was added is not known any more: another one has replaced the count since.</exception>
    public async Task<long> AddAsync()
    {
        while (true)
        {
            var found = await dht.GetAsync<long>(name);
            if (!found.Found)
            {
                // Who does it is all the same.
                await dht.SetIfAsync(name, 0, found.Version, SetAcknowledgement.Durable);
                continue;
            }

            var next = found.Value + 1;
            if (await TrySetAsync(next, found.Version))
            {
                return next;
            }
        }
    }

    // Repeated under its id until its end is clear.
    private async Task<bool> TrySetAsync(long count, ValueVersion expected)
    {
        var callId = Random.Shared.NextInt64(1, long.MaxValue);
        while (true)
        {
            try
            {
                var set = await dht.SetIfAsync(name, count, expected, SetAcknowledgement.Durable, callId: callId);
                return set.Local != StoreResult.Unknown ? set.Succeeded
                    : throw new InvalidOperationException("The addition may have been made: another one has replaced the count since.");
            }
            catch (DhtUnavailableException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), time);
            }
        }
    }
}
