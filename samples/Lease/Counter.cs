using KadOrleans;
using KadOrleans.Core;

namespace Leases;

/// <summary>A count that many add to at once. Each addition is made once, also if an answer is lost.</summary>
public sealed class Counter(IDht dht, string name, TimeProvider time)
{
    private readonly NodeId _key = NodeId.FromKey(name);

    /// <summary>Adds one, and returns the count with it.</summary>
    /// <exception cref="DhtUnavailableException">Whether it was added is not known any more: another one has replaced the count since.</exception>
    public async Task<long> AddAsync()
    {
        while (true)
        {
            var found = await dht.GetAsync(_key);
            var next = (long)(found.Value?.AsInteger() ?? 0) + 1;
            var set = await SetAsync(next, found.Version);
            if (set.Succeeded)
            {
                return next;
            }

            if (set.Local == KadOrleans.Core.Values.StoreResult.Unknown)
            {
                throw new DhtUnavailableException("The addition may have been made.");
            }
        }
    }

    // Repeated under its id until its end is clear.
    private async Task<SetResult> SetAsync(long count, ValueVersion expected)
    {
        var callId = Random.Shared.NextInt64(1, long.MaxValue);
        while (true)
        {
            try
            {
                return await dht.SetIfAsync(_key, count, expected, SetAcknowledgement.Durable, callId: callId);
            }
            catch (DhtUnavailableException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), time);
            }
        }
    }
}
