using KadOrleans.Shards;

namespace KadOrleans.Tests.Shards;

/// <summary>Serialized records in memory, with ETags, counts, and faults at will.</summary>
internal sealed class FakeRecords : IRecordStorage
{
    private readonly Dictionary<string, (byte[] State, long ETag)> _rows = [];
    private readonly List<Action> _late = [];
    private long _lastETag;

    public int Writes { get; private set; }

    public int Reads { get; private set; }

    public IReadOnlyCollection<string> Names => _rows.Keys;

    public long Bytes => _rows.Values.Sum(row => (long)row.State.Length);

    /// <summary>What happens to each write; by default it succeeds.</summary>
    public Func<string, WriteFault> OnWrite { get; set; } = _ => WriteFault.None;

    /// <summary>What each write waits for.</summary>
    public Func<string, Task> BeforeWrite { get; set; } = _ => Task.CompletedTask;

    public Func<string, bool> FailRead { get; set; } = _ => false;

    public async Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class
    {
        await Task.Yield();
        Reads++;
        if (FailRead(name))
        {
            throw new TimeoutException("read");
        }

        return _rows.TryGetValue(name, out var row) ? new StoredRecord<T>(JsonSerializer.Deserialize<T>(row.State), Text(row.ETag)) : default;
    }

    public IReadOnlyList<Task<string?>> WriteAsync(IReadOnlyList<RecordWrite> writes) =>
        [.. writes.Select(write => WriteAsync(write.Name, write.Content, write.ETag))];

    private async Task<string?> WriteAsync(string name, object content, string? etag)
    {
        var state = JsonSerializer.SerializeToUtf8Bytes(content, content.GetType());
        await Task.Yield();
        await BeforeWrite(name);
        Writes++;
        switch (OnWrite(name))
        {
            case WriteFault.NotDone:
                throw new TimeoutException("not done");
            case WriteFault.Done:
                Put(name, state, etag);
                throw new TimeoutException("done");
            case WriteFault.DoneTwice:
                Put(name, state, etag);
                throw new StorageConflictException("done twice");
            case WriteFault.DoneLater:
                _late.Add(() => Put(name, state, etag));
                throw new TimeoutException("done later");
            default:
                return Put(name, state, etag);
        }
    }

    /// <summary>Writes whose callers gave up arrive now, if they still fit.</summary>
    public void ArriveLate()
    {
        foreach (var write in _late)
        {
            try
            {
                write();
            }
            catch (StorageConflictException)
            {
                // As storage does: the write came too late.
            }
        }

        _late.Clear();
    }

    /// <summary>The same rows, without faults.</summary>
    public FakeRecords Copy()
    {
        var copy = new FakeRecords { _lastETag = _lastETag };
        _rows.ToList().ForEach(row => copy._rows.Add(row.Key, row.Value));
        return copy;
    }

    public void Set<T>(string name, T content) => _rows[name] = (JsonSerializer.SerializeToUtf8Bytes(content), ++_lastETag);

    private string Put(string name, byte[] state, string? etag)
    {
        var known = _rows.TryGetValue(name, out var row) ? Text(row.ETag) : null;
        if (known != etag)
        {
            throw new StorageConflictException($"{name}: {etag}, not {known}");
        }

        _rows[name] = (state, ++_lastETag);
        return Text(_lastETag);
    }

    private static string Text(long etag) => etag.ToString(CultureInfo.InvariantCulture);
}

/// <summary>How a write fails.</summary>
internal enum WriteFault
{
    None,
    NotDone,
    Done,

    /// <summary>As by a provider that repeats a request whose answer was lost: the second meets what the first wrote.</summary>
    DoneTwice,
    DoneLater,
}
