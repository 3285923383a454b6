namespace KadOrleans.Node;

/// <summary>
/// Serialises what is sent of each key, and the decisions before and after it, so that no earlier value arrives after a later one.
/// </summary>
internal sealed class KeyTurns
{
    /// <summary>
    /// The most turns of one key that wait while a further call is let in. Each waits for the STOREs of all before it, so that callers behind so
    /// many have given up long before, and each may hold a value of 8 KB.
    /// </summary>
    public const int MostWaiting = 256;

    private readonly Lock _gate = new();

    // Those of keys with pending calls or open watches.
    private readonly Dictionary<NodeId, KeyQueue> _queues = [];

    /// <summary>
    /// Runs work in the key's turn, however many turns wait: for upkeep, whose own bounds count, and for the last step of a call that has begun.
    /// The work must have a timeout, as later turns wait for it.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled before the turn came: the work was not begun.</exception>
    public Task<T> RunAsync<T>(NodeId key, Func<Task<T>> work, CancellationToken cancellationToken) =>
        RunAsync(key, work, busy: null, cancellationToken);

    /// <summary>
    /// Runs a caller's work in the key's turn, or returns what <paramref name="busy"/> makes if <see cref="MostWaiting"/> turns wait already. The
    /// work must have a timeout, as later turns wait for it.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled before the turn came: the work was not begun.</exception>
    public Task<T> TryRunAsync<T>(NodeId key, Func<Task<T>> work, Func<T> busy, CancellationToken cancellationToken) =>
        RunAsync(key, work, busy, cancellationToken);

    /// <inheritdoc cref="TryRunAsync{T}(NodeId, Func{Task{T}}, Func{T}, CancellationToken)"/>
    /// <exception cref="DhtUnavailableException">So many turns wait already.</exception>
    public Task<T> TryRunAsync<T>(NodeId key, Func<Task<T>> work, CancellationToken cancellationToken) => RunAsync(
        key,
        work,
        () => throw new DhtUnavailableException(
            $"{MostWaiting} calls wait for the key {key} already, which is the most; nothing was done. Try again later."),
        cancellationToken);

    /// <summary>Notices from now on whether turns of a key are taken. Dispose it.</summary>
    public TurnWatch Watch(NodeId key)
    {
        lock (_gate)
        {
            return new TurnWatch(this, Open(key));
        }
    }

    private async Task<T> RunAsync<T>(NodeId key, Func<Task<T>> work, Func<T>? busy, CancellationToken cancellationToken)
    {
        if (TryJoin(key, busy is null ? int.MaxValue : MostWaiting, out var turn) is not { } queue)
        {
            return busy!();
        }

        try
        {
            await WaitAsync(queue, turn, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // It has left the queue, and those behind it wait for those before it.
            Close(queue);
            throw;
        }

        try
        {
            return await work();
        }
        finally
        {
            lock (_gate)
            {
                queue.Next();
            }

            Close(queue);
        }
    }

    private async Task WaitAsync(KeyQueue queue, LinkedListNode<TaskCompletionSource>? turn, CancellationToken cancellationToken)
    {
        if (turn is null)
        {
            return;
        }

        using var leaving = cancellationToken.UnsafeRegister(_ => Leave(), null);
        await turn.Value.Task;

        // One that has come is taken: the work sees itself that it was cancelled.
        void Leave()
        {
            lock (_gate)
            {
                if (queue.TryLeave(turn))
                {
                    turn.Value.SetCanceled(cancellationToken);
                }
            }
        }
    }

    // Null if too many wait. The turn is null if it has come.
    private KeyQueue? TryJoin(NodeId key, int most, out LinkedListNode<TaskCompletionSource>? turn)
    {
        lock (_gate)
        {
            if (_queues.TryGetValue(key, out var known) && known.Waiting >= most)
            {
                turn = null;
                return null;
            }

            var queue = Open(key);
            turn = queue.Join();
            return queue;
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
            (_turns, _queue, _taken, _wasIdle) = (turns, queue, queue.Taken, queue.IsIdle);

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

    // Used within the lock.
    internal sealed class KeyQueue(NodeId key)
    {
        private readonly LinkedList<TaskCompletionSource> _waiting = new();

        public NodeId Key => key;

        /// <summary>Whether no turn is under way.</summary>
        public bool IsIdle { get; private set; } = true;

        public int Waiting => _waiting.Count;

        /// <summary>Turns that were asked for while somebody had the queue open, those that were given up too.</summary>
        public int Taken { get; private set; }

        public int Users { get; set; }

        /// <summary>Takes the turn if none is under way, and returns null. Else returns what completes when it comes.</summary>
        public LinkedListNode<TaskCompletionSource>? Join()
        {
            Taken++;
            if (!IsIdle)
            {
                return _waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            IsIdle = false;
            return null;
        }

        /// <summary>Gives up a turn. False if it has come.</summary>
        public bool TryLeave(LinkedListNode<TaskCompletionSource> turn)
        {
            var isWaiting = turn.List is not null;
            if (isWaiting)
            {
                _waiting.Remove(turn);
            }

            return isWaiting;
        }

        /// <summary>Ends the turn that is under way: the first that waits is the next one.</summary>
        public void Next()
        {
            if (_waiting.First is { } next)
            {
                _waiting.Remove(next);
                next.Value.SetResult();
            }
            else
            {
                IsIdle = true;
            }
        }
    }
}
