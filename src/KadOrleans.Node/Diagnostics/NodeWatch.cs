using System.Runtime.CompilerServices;

namespace KadOrleans.Node;

/// <summary>A node's answer to <see cref="IDht.WatchAsync"/>: what it holds of a key, and what its own calls find.</summary>
internal sealed class NodeWatch(KeyWatches watches, IKeyStore store, IPublicationStore publications, TimeProvider time)
{
    /// <summary>How often a held value is read: nobody reports an eviction.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);

    /// <summary>The least time between two gets for a watch, which bounds the lookups that a stranger's STOREs cost.</summary>
    public static readonly TimeSpan AskInterval = TimeSpan.FromSeconds(5);

    // The longest time between two, while gets do not find what a stranger stored here.
    private static readonly TimeSpan MaxPause = TimeSpan.FromHours(1);

    // Keys for which a watch gets the value; it tells the others.
    private readonly ConcurrentDictionary<NodeId, bool> _asked = new();

    public GetResult Learn(NodeId key, GetResult result)
    {
        if (result.Found)
        {
            watches.Post(key, KeyNotice.Of(result.Value));
        }

        return result;
    }

    public SetResult Learn(NodeId key, DhtValue value, SetResult result)
    {
        if (result.Succeeded)
        {
            watches.Post(key, KeyNotice.Of(value));
        }

        return result;
    }

    /// <summary>The value now, and each change. A public source's STORE here is a hint to get, not a change.</summary>
    public async IAsyncEnumerable<KeyChange> RunAsync(
        NodeId key, Func<Task<GetResult>> get, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var watch = watches.Begin(key, cancellationToken);
        var held = await ReadAsync(key, cancellationToken);
        var state = new State(held, (await get()).Value, time.GetUtcNow(), null, AskInterval);
        var told = state.Value;
        yield return new KeyChange(key, told);
        while (await watch.NextAsync(PauseUntil(state.Held.ExpiresAt, state.AskAt), time, cancellationToken) is { } notice)
        {
            held = await ReadAsync(key, cancellationToken);
            state = notice.IsRead ? state.Hear(held, notice.Value, time.GetUtcNow()) : state.See(held);
            if (state.AskAt <= time.GetUtcNow())
            {
                state = await AskAsync(key, state, get);
            }

            if (state.Value != told)
            {
                told = state.Value;
                yield return new KeyChange(key, told);
            }
        }
    }

    // One watch of a key gets its value, and the get tells the others. Where it finds nothing, they ask, too.
    private async Task<State> AskAsync(NodeId key, State state, Func<Task<GetResult>> get)
    {
        var now = time.GetUtcNow();
        if (!_asked.TryAdd(key, true))
        {
            return state with { AskAt = now + AskInterval };
        }

        try
        {
            return state.Tell((await get()).Value, now);
        }
        finally
        {
            _asked.TryRemove(key, out _);
        }
    }

    private TimeSpan PauseUntil(DateTimeOffset? expiresAt, DateTimeOffset? askAt)
    {
        var now = time.GetUtcNow();
        var left = expiresAt - now ?? LookInterval;
        if (askAt is { } due && due - now < left)
        {
            left = due - now;
        }

        return left > LookInterval ? LookInterval : left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1);
    }

    private async ValueTask<Held> ReadAsync(NodeId key, CancellationToken cancellationToken)
    {
        if (await publications.GetAsync(key, cancellationToken) is { IsPending: true } pending)
        {
            return new Held(pending.Value, null, true);
        }

        var held = await store.GetAsync(key, time.GetUtcNow(), cancellationToken);
        return new Held(held?.Value, held?.ExpiresAt, held?.Source is { IsTrusted: true } or { IsPrivate: true });
    }

    // Value is the key's value as far as it is believed. AskAt is when the next get is due, null if there is no reason for one. Pause
    // is the time until the get after it, if the next one does not find what a stranger stored here.
    private readonly record struct State(Held Held, DhtValue? Value, DateTimeOffset AskedAt, DateTimeOffset? AskAt, TimeSpan Pause)
    {
        /// <summary>A get or set had this result. A stranger's value here may be a lie, or newer than the holders'.</summary>
        public State Tell(DhtValue? value, DateTimeOffset askedAt) => Held.IsBelieved || Held.Value is null || Held.Value == value
            ? new State(Held, value, askedAt, null, AskInterval)
            : new State(Held, value, askedAt, askedAt + Pause, 2 * Pause < MaxPause ? 2 * Pause : MaxPause);

        /// <summary>This is held now, and a call had this result. Where the store is believed and has another value, the call may be older: a get decides.</summary>
        public State Hear(Held held, DhtValue? value, DateTimeOffset now) => held.IsBelieved && held.Value is not null && held.Value != value
            ? this with { Held = held, AskAt = value == Value ? AskAt : now }
            : (this with { Held = held }).Tell(value, now);

        /// <summary>This is held now, which says nothing of values that only others hold.</summary>
        public State See(Held held) => held.Value == Held.Value ? this with { Held = held }
            : held.IsBelieved || (held.Value is null && Held.IsBelieved) ? new State(held, held.Value, AskedAt, null, AskInterval)
            : new State(held, Value, AskedAt, AskedAt + AskInterval, AskInterval);
    }

    // Believed: a trusted or private source stored it, or it is a pending publication.
    private readonly record struct Held(DhtValue? Value, DateTimeOffset? ExpiresAt, bool IsBelieved);
}
