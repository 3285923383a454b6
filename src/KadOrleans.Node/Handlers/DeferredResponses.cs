using System.Runtime.CompilerServices;
using KadOrleans.Core.Values;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Handlers;

/// <summary>
/// Requests whose response waits for storage. Bounded. When the node stops all are completed, so accepted STOREs are acknowledged.
/// Responses that become due together are sent together.
/// </summary>
/// <param name="respond">Responds to a STORE.</param>
/// <param name="metrics">Counts failures.</param>
/// <param name="logger">Logs them.</param>
internal sealed class DeferredResponses(Action<StoreResult, RequestContext> respond, NodeMetrics metrics, ILogger logger)
    : IThreadPoolWorkItem
{
    /// <summary>
    /// The most pending requests. Further ones are dropped without a response: remote nodes time out after 5 s, which a storage so far
    /// behind would miss.
    /// </summary>
    public const int Capacity = 16_384;

    // Used by the responding thread: the routes to flush. There is one for each local address, so mostly one.
    private readonly List<IResponseRoute> _routes = [];
    private List<DeferredStore> _responding = [];

    // Guards all below. Idle objects take some 2 MB at most, after Capacity concurrent STOREs.
    private readonly Lock _gate = new();
    private readonly Stack<DeferredStore> _idle = [];
    private List<DeferredStore> _due = [];
    private TaskCompletionSource? _drained;
    private bool _isResponding;
    private int _count;

    public bool IsFull => Volatile.Read(ref _count) >= Capacity;

    /// <summary>Awaits a response. A failure is counted and logged, as an error unless storage failed.</summary>
    public void Add(Task response)
    {
        lock (_gate)
        {
            _count++;
        }

        _ = FinishAsync(response);
    }

    /// <summary>Awaits a STORE, and then sends its response.</summary>
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

    /// <summary>Counts and logs a failure of storage, or of handling its result.</summary>
    public void OnFailed(Exception failure)
    {
        metrics.Refused(RefusalReason.StorageFailed);

        // Failing storage fails every request until it is back. They are counted, and storage logs its own failure.
        logger.RequestFailed(failure is KeyStoreException ? LogLevel.Debug : LogLevel.Error, failure);
    }

    /// <summary>Responds to the completed STOREs, until there are none.</summary>
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

        // Not at once: a store completes many in turn, and each response would be sent alone.
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

    /// <summary>Counts responses that were sent or dropped. The caller holds the lock.</summary>
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
    /// A pending STORE: a reusable form of an async method's state. Thousands may wait for one commit, long enough to make garbage
    /// expensive. The base library's pooling builder keeps only one per core.
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
