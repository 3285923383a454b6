using System.Runtime.CompilerServices;
using KadOrleans.Core.Values;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Handlers;

/// <summary>
/// Requests whose response waits for storage. Bounded, and seen through when the node stops, so that what was accepted
/// is also acknowledged. The responses to STOREs that become due together leave together.
/// </summary>
/// <param name="respond">Responds to a STORE.</param>
/// <param name="metrics">Counts failures.</param>
/// <param name="logger">Logs them.</param>
internal sealed class DeferredResponses(Action<StoreResult, RequestContext> respond, NodeMetrics metrics, ILogger logger)
    : IThreadPoolWorkItem
{
    /// <summary>
    /// Requests that may wait at once. Beyond it they are dropped without a response: peers time out after 5 s, and a
    /// storage that is so far behind would not meet that.
    /// </summary>
    public const int Capacity = 16_384;

    // Used by whoever responds: the routes that may have something to flush. One for each address that was asked, so mostly one.
    private readonly List<IResponseRoute> _routes = [];
    private List<DeferredStore> _responding = [];

    // Guards all below. Those that are idle take some 2 MB at the most, after Capacity STOREs at once.
    private readonly Lock _gate = new();
    private readonly Stack<DeferredStore> _idle = [];
    private List<DeferredStore> _due = [];
    private TaskCompletionSource? _drained;
    private bool _isResponding;
    private int _count;

    public bool IsFull => Volatile.Read(ref _count) >= Capacity;

    /// <summary>Sees a response through; its failure is counted and logged, as an error unless it is the storage's.</summary>
    public void Add(Task response)
    {
        lock (_gate)
        {
            _count++;
        }

        _ = FinishAsync(response);
    }

    /// <summary>The same for a STORE, which gets its response once it is stored.</summary>
    public void Add(ValueTask<StoreResult> stored, in RequestContext context)
    {
        DeferredStore? store;
        lock (_gate)
        {
            _count++;
            _idle.TryPop(out store);
        }

        (store ?? new DeferredStore(this)).Wait(stored, context);
    }

    /// <summary>Completes when no response is waiting.</summary>
    public Task DrainAsync()
    {
        lock (_gate)
        {
            if (_count == 0)
            {
                return Task.CompletedTask;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    /// <summary>Storage, or what is done with its result, failed.</summary>
    public void OnFailed(Exception failure)
    {
        metrics.Refused(RefusalReason.StorageFailed);

        // Storage that is away fails every request until it is back: they are counted, and it tells of itself.
        logger.RequestFailed(failure is KeyStoreException ? LogLevel.Debug : LogLevel.Error, failure);
    }

    /// <summary>Responds to the STOREs that are due, until none is.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        while (TryTakeDue())
        {
            foreach (var store in _responding)
            {
                Respond(store);
            }

            _routes.ForEach(static route => route.Flush());
            _routes.Clear();
            lock (_gate)
            {
                foreach (var store in _responding)
                {
                    _idle.Push(store);
                }

                End(_responding.Count);
            }
        }
    }

    private void OnStored(DeferredStore store)
    {
        lock (_gate)
        {
            _due.Add(store);
            if (_isResponding)
            {
                return;
            }

            _isResponding = true;
        }

        // Not at once: a store completes many, one after the other, and each would leave alone.
        if (SynchronizationContext.Current is { } owner)
        {
            owner.Post(static responses => ((IThreadPoolWorkItem)responses!).Execute(), this);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        }
    }

    private bool TryTakeDue()
    {
        _responding.Clear();
        lock (_gate)
        {
            (_due, _responding) = (_responding, _due);
            _isResponding = _responding.Count > 0;
            return _isResponding;
        }
    }

    private void Respond(DeferredStore store)
    {
        try
        {
            if (!_routes.Contains(store.Route))
            {
                _routes.Add(store.Route);
            }

            store.Respond(respond);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            OnFailed(e);
        }
    }

    private async Task FinishAsync(Task response)
    {
        try
        {
            await response;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            OnFailed(e);
        }

        lock (_gate)
        {
            End(1);
        }
    }

    /// <summary>Responses are sent or given up. The caller holds the lock.</summary>
    private void End(int responses)
    {
        _count -= responses;
        if (_count == 0)
        {
            _drained?.TrySetResult();
            _drained = null;
        }
    }

    /// <summary>
    /// A STORE that waits to be stored: what an async method would be, used again for the next one. Thousands may wait for one
    /// commit, too long for garbage to be cheap, and more than the base library's pooling builder keeps: one per core.
    /// </summary>
    private sealed class DeferredStore
    {
        private readonly Action _onStored;
        private ValueTaskAwaiter<StoreResult> _stored;
        private RequestContext _context;

        public DeferredStore(DeferredResponses owner) => _onStored = () => owner.OnStored(this);

        public IResponseRoute Route => _context.Route;

        public void Wait(ValueTask<StoreResult> stored, in RequestContext context)
        {
            (_stored, _context) = (stored.GetAwaiter(), context with { RespondsLater = true });
            _stored.UnsafeOnCompleted(_onStored);
        }

        public void Respond(Action<StoreResult, RequestContext> respond)
        {
            var stored = _stored;
            _stored = default;
            respond(stored.GetResult(), _context);
        }
    }
}
