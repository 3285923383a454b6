using KadOrleans;
using KadOrleans.Core.Values;

namespace Leases;

/// <summary>A count that many add to at once. Each addition is made once, also if an answer is lost.</summary>
public sealed class Counter(IDht dht, string name, TimeProvider time)
{
    /// <summary>Adds one, and returns the count with it.</summary>
    /// <exception cref="InvalidOperationException">
    /// Nothing was added, as the store is full; or that is not known any more: another one has replaced the count since.
    /// </exception>
    public async Task<long> AddAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var found = await dht.GetAsync<long>(name, cancellationToken);

            // What nobody has set here yet is set as it was found. Who does it is all the same: it is no addition, and needs no id.
            var isHere = found.Version.Number != 0;
            var callId = isHere ? Random.Shared.NextInt64(1, long.MaxValue) : 0;
            var count = isHere ? found.Value + 1 : found.Value;
            var set = await SetAsync(count, found.Version, callId, cancellationToken);
            if (set.Succeeded && isHere)
            {
                return count;
            }

            if (!set.Succeeded && set.Local != StoreResult.Superseded)
            {
                throw new InvalidOperationException($"Nothing was added, or that is not known. {set}");
            }
        }
    }

    // Repeated under its id until its end is clear.
    private async Task<SetResult> SetAsync(long count, ValueVersion expected, long callId, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var set = await dht.SetIfAsync(
                    name, count, expected, SetAcknowledgement.Durable, callId: callId, cancellationToken: cancellationToken);
                if (set.Succeeded || set.Local is not (StoreResult.StorageFailed or StoreResult.Busy or StoreResult.Late or StoreResult.Overtaken))
                {
                    return set;
                }
            }
            catch (DhtUnavailableException)
            {
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), time, cancellationToken);
        }
    }
}
