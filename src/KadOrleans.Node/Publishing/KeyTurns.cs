namespace KadOrleans.Node;

/// <summary>
/// Serialises what is sent of each key, and the decisions before and after it, so that no earlier value arrives after a later one.
/// </summary>
internal sealed class KeyTurns
{
    private readonly Lock _gate = new();

    // Those of keys with pending calls or open watches.
    private readonly Dictionary<NodeId, KeyQueue> _queues = [];

    /// <summary>The work must have a timeout, as later turns wait for it.</summary>
    public async Task<T> RunAsync<T>(NodeId key, Func<Task<T>> work)
    {
        var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        KeyQueue queue;
        Task before;
        lock (_gate)
        {
            queue = Open(key);
            before = queue.Join(turn.Task);
        }

        try
        {
            await before;
            return await work();
        }
        finally
        {
            Close(queue);
            turn.SetResult();
        }
    }

    /// <summary>Notices from now on whether turns of a key are taken. Dispose it.</summary>
    public TurnWatch Watch(NodeId key)
    {
        lock (_gate)
        {
            return new TurnWatch(this, Open(key));
        }
    }

    private KeyQueue Open(NodeId key)
    {
        if (!_queues.TryGetValue(key, out var queue))
        {
            _queues.Add(key, queue = new KeyQueue(key));
        }

        queue.Users++;
        return queue;
    }

    private void Close(KeyQueue queue)
    {
        lock (_gate)
        {
            if (--queue.Users == 0)
            {
                _queues.Remove(queue.Key);
            }
        }
    }

    /// <summary>Notices turns of a key: also after it is disposed, while a turn of its owner is open.</summary>
    internal sealed class TurnWatch : IDisposable
    {
        private readonly KeyTurns _turns;
        private readonly KeyQueue _queue;
        private readonly int _taken;
        private readonly bool _wasIdle;

        // Within the lock.
        public TurnWatch(KeyTurns turns, KeyQueue queue) =>
            (_turns, _queue, _taken, _wasIdle) = (turns, queue, queue.Taken, queue.Last.IsCompleted);

        /// <summary>Whether no turn was under way when the watch began, and none but <paramref name="own"/> were taken since.</summary>
        public bool IsQuiet(int own)
        {
            lock (_turns._gate)
            {
                return _wasIdle && _queue.Taken == _taken + own;
            }
        }

        public void Dispose() => _turns.Close(_queue);
    }

    internal sealed class KeyQueue(NodeId key)
    {
        public NodeId Key => key;

        public Task Last { get; private set; } = Task.CompletedTask;

        /// <summary>Turns taken while somebody had the queue open.</summary>
        public int Taken { get; private set; }

        public int Users { get; set; }

        /// <summary>Returns what has to end before.</summary>
        public Task Join(Task turn)
        {
            (var before, Last) = (Last, turn);
            Taken++;
            return before;
        }
    }
}
