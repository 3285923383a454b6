using System.Runtime.InteropServices;
using KadOrleans.Core;
using KadOrleans.Core.Values;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>Results of gets, in a <see cref="BoundedCache{T}"/>, and the pending ones. Safe for several threads.</summary>
/// <param name="maxBytes">The most bytes of results.</param>
internal sealed class AnswerCache(long maxBytes)
{
    /// <summary>The bytes of a result beside the value's content: records, array, entry. Rounded up.</summary>
    private const int Overhead = 320;

    // Guards all below.
    private readonly Lock _gate = new();
    private readonly BoundedCache<Answer> _answers = new(maxBytes, answer => Overhead + (answer.Value?.Value.ContentLength ?? 0));
    private readonly Dictionary<NodeId, PendingAnswer> _pending = [];
    private long _hits;

    /// <summary>The number of results found.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>The bytes of the results.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _answers.Bytes;
            }
        }
    }

    /// <summary>Finds the result of a get. It may be null: the key is not held.</summary>
    /// <param name="key">The key.</param>
    /// <param name="state">What is known of its shard.</param>
    /// <param name="confirmedAfter">Changes up to this time must be known.</param>
    /// <param name="value">The result.</param>
    public bool TryGet(NodeId key, ShardState state, long confirmedAfter, out StoredValue? value)
    {
        lock (_gate)
        {
            if (_answers.TryGet(key, out var answer) && state.ConfirmedAtIn(answer.Epoch) > confirmedAfter)
            {
                value = answer.Value;
                _hits++;
                return true;
            }
        }

        value = null;
        return false;
    }

    /// <summary>The pending get of a key, or a new one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="epoch">The epoch of its shard; 0 if nothing is known of it.</param>
    /// <param name="now">The present.</param>
    /// <param name="notBefore">An older pending get is not joined.</param>
    /// <param name="isNew">Whether the caller is to ask the shard, and then to call <see cref="End"/>.</param>
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

/// <summary>A get that waits for its shard. Its result is the value, or the shard's failure.</summary>
/// <param name="epoch">The epoch of the shard when it began.</param>
/// <param name="begunAt">When it began.</param>
internal sealed class PendingAnswer(long epoch, long begunAt) : TaskCompletionSource<StoredValue?>
{
    private Task<StoredValue?>? _soon;

    public long Epoch => epoch;

    public long BegunAt => begunAt;

    /// <summary>The same, but it fails with <see cref="TimeoutException"/> some time after the first caller asked for it.</summary>
    public Task<StoredValue?> WithinAsync(TimeSpan limit, TimeProvider time)
    {
        // One timer for all. If two callers race, each waits for its own.
        return Volatile.Read(ref _soon) ?? Begin();

        Task<StoredValue?> Begin()
        {
            var soon = Task.WaitAsync(limit, time);
            Volatile.Write(ref _soon, soon);
            return soon;
        }
    }
}
