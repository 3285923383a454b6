using System.Runtime.CompilerServices;

namespace KadOrleans.Node;

/// <summary>Responses that wait for storage, sent together when due together. A stopping node completes all of them.</summary>
internal sealed class DeferredResponses(NodeMetrics metrics, ILogger logger) : IThreadPoolWorkItem
{
    /// <summary>The most pending requests: storage further behind would miss the senders' timeout of 5 s.</summary>
    public const int Capacity = 16_384;

    // Used by the responding thread: the routes to flush, mostly one.
    private readonly List<IResponseRoute> _routes = [];
    private List<Deferred> _responding = [];

    // Guards all below. Idle objects take 2 MB at most.
    private readonly Lock _gate = new();
    private readonly Stack<Deferred> _idle = [];
    private List<Deferred> _due = [];
    private TaskCompletionSource? _drained;
    private bool _isResponding;
    private int _count;

    public bool IsFull => Volatile.Read(ref _count) >= Capacity;

    public void Add(RequestHandlers handlers, in StorePut put, ValueTask<StoreResult> storing, in RequestSource context) =>
        Take().Wait(handlers, put, storing, context);

    /// <summary>Responds to a FIND_VALUE once its value is read. If storage fails, with the nearest contacts.</summary>
    public void Add(RequestHandlers handlers, NodeId key, ValueTask<StoredValue?> finding, in RequestSource context) =>
        Take().Wait(handlers, key, finding, context);

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

    public void OnFailed(Exception failure)
    {
        metrics.Refused(RefusalReason.StorageFailed);
        Log(failure);
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (TryTakeDue())
        {
            foreach (var request in _responding)
            {
                Respond(request);
            }

            _routes.ForEach(static route => route.Flush());
            _routes.Clear();
            lock (_gate)
            {
                foreach (var request in _responding)
                {
                    _idle.Push(request);
                }

                _count -= _responding.Count;
                if (_count == 0)
                {
                    _drained?.TrySetResult();
                    _drained = null;
                }
            }
        }
    }

    private void Stored(RequestHandlers handlers, in StorePut put, ValueTaskAwaiter<StoreResult> storing, in RequestSource context)
    {
        StoreResult result;
        try
        {
            result = storing.GetResult();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            metrics.Refused(RequestKind.Store, RefusalReason.StorageFailed);
            Log(e);
            return;
        }

        handlers.OnStored(put, result, context);
    }

    private void Found(RequestHandlers handlers, NodeId key, ValueTaskAwaiter<StoredValue?> finding, in RequestSource context)
    {
        StoredValue? value = null;
        try
        {
            value = finding.GetResult();
        }
        catch (KeyStoreException e)
        {
            // Whoever gets no response thinks that this node is gone.
            OnFailed(e);
        }

        handlers.RespondToFindValue(key, value, context);
    }

    private void Log(Exception failure)
    {
        // Failing storage fails every request, and logs its own failure.
        logger.RequestFailed(failure is KeyStoreException ? LogLevel.Debug : LogLevel.Error, failure);
    }

    private Deferred Take()
    {
        lock (_gate)
        {
            _count++;
            return _idle.TryPop(out var request) ? request : new Deferred(this);
        }
    }

    private void OnDue(Deferred request)
    {
        lock (_gate)
        {
            _due.Add(request);
            if (_isResponding)
            {
                return;
            }

            _isResponding = true;
        }

        // Not at once: a store completes many in turn, and their responses are sent together.
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

    private void Respond(Deferred request)
    {
        try
        {
            if (!_routes.Contains(request.Route))
            {
                _routes.Add(request.Route);
            }

            request.Respond();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            OnFailed(e);
        }
    }

    /// <summary>A reusable async state: thousands may wait for one commit, which makes garbage expensive.</summary>
    private sealed class Deferred
    {
        private readonly DeferredResponses _owner;
        private readonly Action _onDue;
        private ValueTaskAwaiter<StoreResult> _storing;
        private ValueTaskAwaiter<StoredValue?> _finding;
        private RequestHandlers? _handlers;
        private StorePut? _put;
        private NodeId _key;
        private RequestSource _context;

        public Deferred(DeferredResponses owner)
        {
            _owner = owner;
            _onDue = () => owner.OnDue(this);
        }

        public IResponseRoute Route => _context.Route;

        public void Wait(RequestHandlers handlers, in StorePut put, ValueTask<StoreResult> storing, in RequestSource context)
        {
            (_handlers, _storing, _put, _context) = (handlers, storing.GetAwaiter(), put, context with { RespondsLater = true });
            _storing.UnsafeOnCompleted(_onDue);
        }

        public void Wait(RequestHandlers handlers, NodeId key, ValueTask<StoredValue?> finding, in RequestSource context)
        {
            (_handlers, _finding, _key, _context) = (handlers, finding.GetAwaiter(), key, context with { RespondsLater = true });
            _finding.UnsafeOnCompleted(_onDue);
        }

        public void Respond()
        {
            var (storing, finding) = (_storing, _finding);
            (_storing, _finding) = (default, default);
            if (_put is { } put)
            {
                _put = null;
                _owner.Stored(_handlers!, put, storing, _context);
            }
            else
            {
                _owner.Found(_handlers!, _key, finding, _context);
            }
        }
    }
}
