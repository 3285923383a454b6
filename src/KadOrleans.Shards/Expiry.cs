using KadOrleans.Core;
using KadOrleans.Core.Maintenance;
using KadOrleans.Core.Values;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Shards;

/// <summary>Which values of a shard are due, and what is done with those that expire.</summary>
/// <param name="log">The shard.</param>
/// <param name="writer">Its writes.</param>
/// <param name="constants">The times.</param>
/// <param name="shard">The shard's number, for the log.</param>
/// <param name="logger">Hears of failures.</param>
internal sealed class Expiry(RecordLog log, BatchWriter writer, KademliaOptions constants, long shard, ILogger logger)
{
    /// <summary>The most keys whose writes are queued at once.</summary>
    private const int MaxKeys = 1024;

    /// <summary>Whether a key is due for republishing or publishing.</summary>
    public bool IsDue(HeldKey held, DateTimeOffset now) =>
        RepublishPolicy.IsDueAtCheck(held.StoredAt, held.ExpiresAt, now, constants)
        || (ValuePlace.Of(held).PublishedAt is { } publishedAt && RepublishPolicy.IsPublicationDue(publishedAt, now, constants));

    /// <summary>Prolongs publications and removes expired values, and returns whether it came to the end. It does not fail.</summary>
    public async Task<bool> RunAsync(TimeProvider time)
    {
        try
        {
            await ProlongAsync(time.GetUtcNow());
            await RemoveAsync(time.GetUtcNow());
            return true;
        }
        catch (LogSealedException)
        {
            // Its halves do so.
        }
        catch (IOException e)
        {
            logger.ExpiryFailed(shard, e.Message);
        }

        return false;
    }

    /// <summary>Removes expired values, and returns their number. A publication of the cluster lives until it is unpublished.</summary>
    /// <exception cref="IOException">Storage failed.</exception>
    /// <exception cref="LogSealedException">The shard is being split.</exception>
    public async Task<int> RemoveAsync(DateTimeOffset now)
    {
        var removed = 0;
        foreach (var keys in Find(held => held.IsExpired(now) && !ValuePlace.Of(held).IsPublished))
        {
            var results = await writer.WriteAsync<bool>(keys.Length, (call, i) => new RemoveWrite(call, i, keys[i], now));
            removed += results.Count(wasHeld => wasHeld);
        }

        return removed;
    }

    /// <summary>
    /// An edge gives a publication a new life by publishing it again. While no edge is live, the shard prolongs it, so that the cluster
    /// does not lose it.
    /// </summary>
    /// <exception cref="IOException">Storage failed.</exception>
    /// <exception cref="LogSealedException">The shard is being split.</exception>
    public async Task ProlongAsync(DateTimeOffset now)
    {
        var timeToLive = constants.ValueTimeToLive;
        foreach (var keys in Find(held => ValuePlace.Of(held).IsPublished && held.ExpiresAt - now < timeToLive / 4))
        {
            await writer.WriteAsync<bool>(
                keys.Length,
                (call, i) => new ProlongWrite(call, i, keys[i], now + timeToLive, EntryCodec.MaxLengthOf(log.Shard.ShareOf(keys[i]))));
        }
    }

    private IEnumerable<NodeId[]> Find(Func<HeldKey, bool> isSuch)
    {
        NodeId[] keys = [.. log.Shard.Enumerate().Where(isSuch).Select(held => held.Key)];
        return keys.Chunk(MaxKeys);
    }
}
