using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Items;
using KadOrleans.Core.Values;

namespace KadOrleans.Signatures;

/// <summary>
/// Checks items before a store, a shard or a lookup takes them. Form and key are compared at once; signatures are verified on the thread pool, on
/// some of its threads and never on one that receives datagrams. Safe for several threads.
/// </summary>
internal sealed class ItemChecks : IThreadPoolWorkItem
{
    /// <summary>The most items of strangers that wait: at 80 µs each a tenth of a second. Further ones are <see cref="StoreResult.Busy"/>.</summary>
    public const int MaxWaiting = 1_024;

    /// <summary>
    /// Of one source: as many new items as a node's upkeep sends to a contact at once. Those of a source that fails are refused when it is their turn,
    /// so a burst costs what its source's budget has, however many wait.
    /// </summary>
    public const int MaxWaitingOfSource = 64;

    /// <summary>What a thread verifies in a row. Then other work of the pool has a turn.</summary>
    private const int AtOnce = 16;

    private readonly ISignatures _signatures;
    private readonly TimeProvider _time;
    private readonly int _threads;
    private readonly ItemCheckBudget _budget;

    // Guards all below.
    private readonly Lock _gate = new();
    private readonly Queue<WaitingCheck> _waiting = [];
    private readonly Dictionary<SourceNetwork, int> _waitingOf = [];
    private int _running;

    /// <summary>Checks by a verifier.</summary>
    /// <param name="signatures">What verifies signatures.</param>
    /// <param name="time">The clock of the budget.</param>
    /// <param name="threads">How many threads verify at once. Null: half of the processors. 0: the caller's, as of a simulation.</param>
    public ItemChecks(ISignatures signatures, TimeProvider time, int? threads = null)
    {
        (_signatures, _time) = (signatures, time);
        _threads = threads ?? Math.Max(1, Environment.ProcessorCount / 2);
        _budget = new ItemCheckBudget(time.GetUtcNow());
    }

    /// <summary>Puts a value, checked first if it is an item.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value. Its source bears what checks cost that fail, but for an import, which an operator makes.</param>
    /// <param name="terms">The terms of the put.</param>
    /// <param name="held">What the store has of the key in memory: it needs no other check. Empty if it has nothing there.</param>
    /// <param name="put">Puts the value by terms that say what was checked.</param>
    public ValueTask<StoreResult> PutAsync(
        NodeId key, StoredValue value, PutTerms terms, DhtValue held, Func<PutTerms, ValueTask<StoreResult>> put)
    {
        var checking = CheckAsync(key, value.Value, terms.Kind == PutKind.Import ? SourceNetwork.Trusted : value.Source, held);
        return checking.IsCompletedSuccessfully ? Put(checking.Result) : AwaitAsync(checking);

        ValueTask<StoreResult> Put(ItemCheck check) => check.Item is { } item ? put(terms with { Item = item }) : new(check.Result);

        async ValueTask<StoreResult> AwaitAsync(ValueTask<ItemCheck> pending) => await Put(await pending);
    }

    /// <summary>Checks what may be an item.</summary>
    /// <param name="key">The key that it is offered for, or was read of.</param>
    /// <param name="value">The value.</param>
    /// <param name="source">Who bears the cost if it does not hold.</param>
    /// <param name="held">What the own store holds of the key; empty if that is not known.</param>
    public ValueTask<ItemCheck> CheckAsync(NodeId key, DhtValue value, SourceNetwork source, DhtValue held = default)
    {
        if (held == value && CheckedItem.OfChecked(key, held) is { } own)
        {
            return new(new ItemCheck(StoreResult.Stored, own));
        }

        if (FindRefusal(source) is { } refusal)
        {
            return new(refusal);
        }

        if (ItemEnvelope.Find(value) is not { } item || item.Key != key)
        {
            ItemCheckMetrics.Record(ItemCheckResult.Malformed);
            return new(new ItemCheck(StoreResult.InvalidItem));
        }

        return item.IsMutable && _threads > 0 ? EnqueueAsync(item, key, source) : new(Verify(item, key, source));
    }

    void IThreadPoolWorkItem.Execute()
    {
        for (var i = 0; i < AtOnce && TryTake(out var check); i++)
        {
            check!.Run(VerifyInTurn);
        }

        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                _running--;
                return;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    // A burst comes before its first item is verified: what it costs is bounded here.
    private ItemCheck VerifyInTurn(Item item, NodeId key, SourceNetwork source) => FindRefusal(source) ?? Verify(item, key, source);

    private ItemCheck? FindRefusal(SourceNetwork source)
    {
        if (_budget.FindRefusal(source, _time.GetUtcNow()) is not { } refusal)
        {
            return null;
        }

        ItemCheckMetrics.Record(ItemCheckResult.OverBudget);
        return new ItemCheck(refusal);
    }

    private ItemCheck Verify(Item item, NodeId key, SourceNetwork source)
    {
        var isValid = CheckedItem.TryCheck(item, key, _signatures, out var verified, out _);
        if (item.IsMutable)
        {
            _budget.Record(source, isValid, _time.GetUtcNow());
        }

        ItemCheckMetrics.Record(isValid ? ItemCheckResult.Accepted : ItemCheckResult.Forged);
        return new ItemCheck(isValid ? StoreResult.Stored : StoreResult.InvalidItem, verified);
    }

    private ValueTask<ItemCheck> EnqueueAsync(Item item, NodeId key, SourceNetwork source)
    {
        var check = new WaitingCheck(item, key, source);
        lock (_gate)
        {
            if (!source.IsTrusted)
            {
                var ofSource = _waitingOf.GetValueOrDefault(source);
                if (_waiting.Count >= MaxWaiting || ofSource >= MaxWaitingOfSource)
                {
                    ItemCheckMetrics.Record(ItemCheckResult.Busy);
                    return new(new ItemCheck(StoreResult.Busy));
                }

                _waitingOf[source] = ofSource + 1;
            }

            _waiting.Enqueue(check);
            if (_running >= _threads)
            {
                return new(check.Task);
            }

            _running++;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return new(check.Task);
    }

    private bool TryTake(out WaitingCheck? check)
    {
        lock (_gate)
        {
            if (!_waiting.TryDequeue(out check))
            {
                return false;
            }

            if (!check.Source.IsTrusted && --_waitingOf[check.Source] == 0)
            {
                _waitingOf.Remove(check.Source);
            }

            return true;
        }
    }

    private sealed class WaitingCheck(Item item, NodeId key, SourceNetwork source)
    {
        private readonly TaskCompletionSource<ItemCheck> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SourceNetwork Source => source;

        public Task<ItemCheck> Task => _end.Task;

        public void Run(Func<Item, NodeId, SourceNetwork, ItemCheck> verify)
        {
            try
            {
                _end.SetResult(verify(item, key, source));
            }
            catch (Exception e)
            {
                _end.SetException(e);
            }
        }
    }
}

/// <summary>What a check found.</summary>
/// <param name="Result"><see cref="StoreResult.Stored"/> if the item may be stored, else why not.</param>
/// <param name="Item">The item, if it holds.</param>
internal readonly record struct ItemCheck(StoreResult Result, CheckedItem? Item = null);
