namespace KadOrleans.Storage.Sqlite;

// Reads values that are not in memory, on threads of its own. So neither the receiving thread nor the thread pool waits for the
// disk. Each thread takes what has gathered and reads it in one transaction.
internal sealed class ColdReads
{
    // Reads that may wait. A disk that does a thousand a second is four seconds behind then, and those who ask give up after
    // five.
    public const int Capacity = 4096;

    private const int BatchSize = 64;

    // The backlog at which a second thread is woken: one is enough while reads hit the system's cache.
    private const int WakeThreshold = 16;

    private readonly KeptValues _values;
    private readonly DatabaseFile _file;
    private readonly ReaderWriterLockSlim _restarts;
    private readonly Action<long> _onDamage;
    private readonly Task[] _threads;

    // Guards all below, and wakes the threads.
    private readonly object _gate = new();
    private readonly Queue<ColdRead> _waiting = [];
    private int _sleeping;
    private bool _isStopped;

    /// <summary>Starts reading. Each thread enters <paramref name="restarts"/> while it reads, which the writer enters to restart the log.</summary>
    public ColdReads(KeptValues values, DatabaseFile file, ReaderWriterLockSlim restarts, Action<long> onDamage)
    {
        (_values, _file, _restarts, _onDamage) = (values, file, restarts, onDamage);
        _threads = [.. file.Readers.Select(connection => Task.Factory.StartNew(
            () => Work(connection), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
    }

    /// <summary>Called before reads from the file; tests hold them there.</summary>
    public Action? Delay { get; set; }

    /// <summary>The value of a key, which completes on the thread that read it; it fails with <see cref="KeyStoreException"/>.</summary>
    public ValueTask<StoredValue?> ReadAsync(NodeId key, DateTimeOffset now) => ReadAsync(new ColdRead(key, now, keeps: false));

    /// <summary>The same for a key that was looked up just now. The cache may keep this value.</summary>
    public ValueTask<StoredValue?> ReadAsync(in HeldKey held, RecordAddress address, DateTimeOffset now) =>
        ReadAsync(new ColdRead(held.Key, now, keeps: true) { Held = held, Address = address, IsLocated = true });

    public Task StopAsync()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.PulseAll(_gate);
        }

        return Task.WhenAll(_threads);
    }

    private ValueTask<StoredValue?> ReadAsync(ColdRead read)
    {
        lock (_gate)
        {
            if (_isStopped || _waiting.Count >= Capacity)
            {
                return ValueTask.FromException<StoredValue?>(_isStopped
                    ? new ObjectDisposedException(nameof(SqliteDatabase))
                    : new KeyStoreException($"'{_file.Path}' is read too slowly: {Capacity} reads are waiting. Check the disk's health.") { IsBusy = true });
            }

            _waiting.Enqueue(read);
            if (_sleeping == _threads.Length || (_sleeping > 0 && _waiting.Count > WakeThreshold))
            {
                Monitor.Pulse(_gate);
            }
        }

        return new(read.Task);
    }

    private void Work(SqliteConnection connection)
    {
        using var rows = new SegmentRows(connection);
        var batch = new List<ColdRead>(BatchSize);
        while (Take(batch))
        {
            Run(batch, rows);
        }
    }

    private bool Take(List<ColdRead> batch)
    {
        batch.Clear();
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_isStopped)
            {
                _sleeping++;
                Monitor.Wait(_gate);
                _sleeping--;
            }

            while (batch.Count < BatchSize && _waiting.TryDequeue(out var read))
            {
                batch.Add(read);
            }
        }

        return batch.Count > 0;
    }

    // Whatever is thrown fails these reads and no others: if the thread ended here, all later ones would wait forever.
    private void Run(List<ColdRead> batch, SegmentRows rows)
    {
        try
        {
            for (var left = batch; left.Count > 0;)
            {
                left = Try(left, rows);
            }
        }
        catch (Exception exception)
        {
            var failure = exception is SqliteException ? _file.Folder.Unreadable(exception) : exception;
            foreach (var read in batch)
            {
                read.TrySetException(failure);
            }
        }
    }

    // Returns those to be tried again: a commit may have moved a record after its place was looked up.
    private List<ColdRead> Try(List<ColdRead> batch, SegmentRows rows)
    {
        foreach (var read in batch)
        {
            read.IsKnown = !read.IsLocated && _values.TryGet(read.Key, read.Now, out read.Value, out read.Held, out read.Address);
            read.IsLocated = false;
        }

        Delay?.Invoke();
        _restarts.EnterReadLock();
        try
        {
            Read(batch, rows);
        }
        finally
        {
            _restarts.ExitReadLock();
        }

        return Complete(batch);
    }

    private static void Read(List<ColdRead> batch, SegmentRows rows)
    {
        rows.Begin();
        try
        {
            foreach (var read in batch)
            {
                read.Result = read.IsKnown ? ReadResult.Read : rows.TryRead(read.Address, read.Key, out read.Value);
            }
        }
        finally
        {
            rows.End();
        }
    }

    private List<ColdRead> Complete(List<ColdRead> batch)
    {
        List<ColdRead>? again = null;
        foreach (var read in batch)
        {
            if (!read.IsKnown && read.Result == ReadResult.Read)
            {
                read.Value = _values.Offer(read.Held, read.Address, read.Value!, read.Keeps);
            }
            else if (read.Result == ReadResult.Gone && IsMoved(read))
            {
                (again ??= []).Add(read);
                continue;
            }
            else if (read.Result is ReadResult.Damaged or ReadResult.Gone)
            {
                _onDamage(read.Address.Number);
            }

            read.SetResult(read.Value);
        }

        return again ?? [];
    }

    // The file has what a commit moved before memory knows of it.
    private bool IsMoved(ColdRead read)
    {
        _values.AwaitCommit();
        return !_values.IsStill(read.Held, read.Address);
    }

    /// <summary>One read. Who awaits it never runs on a reading thread: two that block would stop all reads.</summary>
    private sealed class ColdRead(NodeId key, DateTimeOffset now, bool keeps)
        : TaskCompletionSource<StoredValue?>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        // What is known of it while it is tried.
        public StoredValue? Value;
        public HeldKey Held;
        public RecordAddress Address;

        public NodeId Key => key;

        public DateTimeOffset Now => now;

        public bool Keeps => keeps;

        public bool IsLocated { get; set; }

        public bool IsKnown { get; set; }

        public ReadResult Result { get; set; }
    }
}

/// <summary>Where a record is in the file: the number of its segment, and its bytes there.</summary>
internal readonly record struct RecordAddress(long Number, int Offset, int Length);

internal enum ReadResult
{
    Read,

    /// <summary>There is no such segment: it was collected.</summary>
    Gone,

    /// <summary>The segment is not what was written.</summary>
    Damaged,
}
