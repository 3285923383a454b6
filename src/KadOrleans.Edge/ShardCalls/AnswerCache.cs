using System.Runtime.InteropServices;

namespace KadOrleans.Edge;

/// <summary>Results of gets, in a <see cref="BoundedCache{T}"/>, and the pending ones. Safe for several threads.</summary>
internal sealed class AnswerCache(long maxBytes)
{
    /// <summary>The bytes of a result beside the value's content: records, array, entry. Rounded up.</summary>
    private const int Overhead = 320;

    // Guards all below.
    private readonly Lock _gate = new();
    private readonly BoundedCache<Answer> _answers = new(maxBytes, answer => Overhead + (answer.Value?.Value.ContentLength ?? 0));
    private readonly Dictionary<NodeId, PendingAnswer> _pending = [];

    /// <summary>Finds the result of a get, null if the key is not held. News must have confirmed it after <paramref name="confirmedAfter"/>.</summary>
    public bool TryGet(NodeId key, ShardState state, long confirmedAfter, out StoredValue? value)
    {
        lock (_gate)
        {
            var isFound = _answers.TryGet(key, out var answer) && state.ConfirmedAtIn(answer.Epoch) > confirmedAfter;
            value = isFound ? answer.Value : null;
            return isFound;
        }
    }

    // The pending get of a key unless it began at notBefore or earlier, or a new one: then ask the shard, and call End.
    public PendingAnswer Begin(NodeId key, long epoch, long now, long notBefore, out bool isNew)
    {
        lock (_gate)
        {
            ref var pending = ref CollectionsMarshal.GetValueRefOrAddDefault(_pending, key, out _);
            isNew = pending is null || pending.BegunAt <= notBefore;
            if (isNew)
            {
                pending = new PendingAnswer(epoch, now);
            }

            return pending!;
        }
    }

    /// <summary>Ends a pending get. Its result is cached unless the key may have changed since it began.</summary>
    public void End(NodeId key, PendingAnswer ended, StoredValue? value, bool isAnswered)
    {
        lock (_gate)
        {
            if (_pending.TryGetValue(key, out var pending) && ReferenceEquals(pending, ended))
            {
                _pending.Remove(key);
                if (isAnswered && ended.Epoch != 0)
                {
                    _answers.Put(key, new Answer(value, ended.Epoch));
                }
            }
        }
    }

    /// <summary>Removes the result of a key. Pending gets of it are neither joined nor cached.</summary>
    public void Remove(NodeId key)
    {
        lock (_gate)
        {
            _pending.Remove(key);
            _answers.Remove(key);
        }
    }

    private readonly record struct Answer(StoredValue? Value, long Epoch);
}

/// <summary>A get that waits for its shard, with the shard's epoch when it began. Its result is the value, or the shard's failure.</summary>
internal sealed class PendingAnswer(long epoch, long begunAt) : TaskCompletionSource<StoredValue?>
{
    private Task<StoredValue?>? _soon;

    public long Epoch => epoch;

    public long BegunAt => begunAt;

    /// <summary>The same, but it fails with <see cref="TimeoutException"/> some time after the first caller asked for it.</summary>
    public Task<StoredValue?> WithinAsync(TimeSpan limit, TimeProvider time)
    {
        // One timer for all. If two callers race, each waits for its own.
        var soon = Volatile.Read(ref _soon) ?? Task.WaitAsync(limit, time);
        Volatile.Write(ref _soon, soon);
        return soon;
    }
}
