using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;

namespace KadOrleans;

/// <summary>The watches of a process. Whoever learns something of a key posts it to the key's watches.</summary>
/// <param name="ending">Ends all of them.</param>
internal sealed class KeyWatches(CancellationToken ending = default)
{
    public const int MaxWatches = 65_536;

    private readonly ConcurrentDictionary<NodeId, ImmutableList<KeyWatch>> _byKey = new();
    private int _count;

    public bool IsEmpty => _byKey.IsEmpty;

    public ICollection<NodeId> Keys => _byKey.Keys;

    /// <exception cref="OperationCanceledException">Watches have ended, or the caller's token is cancelled.</exception>
    /// <exception cref="DhtUnavailableException">There are as many as there may be.</exception>
    public KeyWatch Begin(NodeId key, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ending.ThrowIfCancellationRequested();
        if (Interlocked.Increment(ref _count) > MaxWatches)
        {
            Interlocked.Decrement(ref _count);
            throw new DhtUnavailableException($"This process has {MaxWatches} watches of keys, which is the most that it can have.");
        }

        var watch = new KeyWatch(key, End, ending);
        _byKey.AddOrUpdate(key, _ => [watch], (_, held) => held.Add(watch));
        return watch;
    }

    public void Post(NodeId key, KeyNotice notice)
    {
        if (_byKey.TryGetValue(key, out var watches))
        {
            watches.ForEach(watch => watch.Post(notice));
        }
    }

    private void End(KeyWatch watch)
    {
        Interlocked.Decrement(ref _count);
        while (_byKey.TryGetValue(watch.Key, out var held))
        {
            var rest = held.Remove(watch);
            if (rest.IsEmpty ? _byKey.TryRemove(KeyValuePair.Create(watch.Key, held)) : _byKey.TryUpdate(watch.Key, rest, held))
            {
                return;
            }
        }
    }
}

/// <summary>What a watch is told: the value, or that the key must be read.</summary>
internal readonly record struct KeyNotice(bool IsRead, DhtValue? Value)
{
    public static KeyNotice Changed => default;

    public static KeyNotice Of(DhtValue? value) => new(true, value);
}

internal sealed class KeyWatch(NodeId key, Action<KeyWatch> end, CancellationToken ending) : IDisposable
{
    private readonly Channel<KeyNotice> _notices =
        Channel.CreateBounded<KeyNotice>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    private int _ended;

    public NodeId Key => key;

    public void Post(KeyNotice notice) => _notices.Writer.TryWrite(notice);

    /// <summary>Waits for the next notice. After <paramref name="longest"/> it is <see cref="KeyNotice.Changed"/>; null once watches have ended.</summary>
    public async ValueTask<KeyNotice?> NextAsync(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ending, cancellationToken);
        try
        {
            return await _notices.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            // Of the caller's token, as he may look for it.
            cancellationToken.ThrowIfCancellationRequested();
            return ending.IsCancellationRequested ? null : KeyNotice.Changed;
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 0)
        {
            end(this);
        }
    }
}
