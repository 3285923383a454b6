using System.Runtime.CompilerServices;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.Watching;

namespace KadOrleans.Node.Watching;

/// <summary>A node's answer to <see cref="IDht.WatchAsync"/>: what it holds of a key, and what its own calls find.</summary>
/// <param name="watches">The node's watches.</param>
/// <param name="store">Its keys.</param>
/// <param name="publications">What it publishes.</param>
/// <param name="time">The clock of expiry.</param>
internal sealed class NodeWatch(KeyWatches watches, IKeyStore store, IPublicationStore publications, TimeProvider time)
{
    /// <summary>How often a held value is looked at: nobody tells of an eviction.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);

    /// <summary>Tells the watches of a key of the value that a get found, if any. Returns the result.</summary>
    public GetResult Learn(NodeId key, GetResult result)
    {
        if (result.Found)
        {
            watches.Post(key, KeyNotice.Of(result.Value));
        }

        return result;
    }

    /// <summary>Tells the watches of a key of the value that a set stored, if it did. Returns the result.</summary>
    public SetResult Learn(NodeId key, DhtValue value, SetResult result)
    {
        if (result.Succeeded)
        {
            watches.Post(key, KeyNotice.Of(value));
        }

        return result;
    }

    /// <summary>The value now, and then each change.</summary>
    /// <param name="key">The key.</param>
    /// <param name="get">Gets the value now, from the network if need be.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public async IAsyncEnumerable<KeyChange> RunAsync(
        NodeId key, Func<Task<GetResult>> get, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var watch = watches.Begin(key);
        var (held, expiresAt) = await ReadAsync(key, cancellationToken);
        var value = (await get()).Value;
        yield return new KeyChange(key, value);
        while (true)
        {
            var notice = await watch.NextAsync(PauseUntil(expiresAt), time, cancellationToken);
            var next = notice.Value;
            if (!notice.IsRead)
            {
                var before = held;
                (held, expiresAt) = await ReadAsync(key, cancellationToken);

                // What is held says nothing of a value that only others hold.
                next = held == before ? value : held;
            }

            if (next != value)
            {
                value = next;
                yield return new KeyChange(key, value);
            }
        }
    }

    private TimeSpan PauseUntil(DateTimeOffset? expiresAt)
    {
        var left = expiresAt - time.GetUtcNow() ?? LookInterval;
        return left > LookInterval ? LookInterval : left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1);
    }

    private async ValueTask<(DhtValue? Value, DateTimeOffset? ExpiresAt)> ReadAsync(NodeId key, CancellationToken cancellationToken)
    {
        if (await publications.GetAsync(key, cancellationToken) is { IsPending: true } pending)
        {
            return (pending.Value, null);
        }

        var held = await store.GetAsync(key, time.GetUtcNow(), cancellationToken);
        return (held?.Value, held?.ExpiresAt);
    }
}
