using Microsoft.Extensions.Logging;

namespace KadOrleans.Shards;

// Keeps the times of last STOREs that only memory has in a record beside log and pages, so that after a kill few values go out before
// their hour. Nothing depends on it: what fails here is tried again, and what is lost goes out once more.
internal sealed class ShardTimes(string name, IRecordStorage storage, TimeSpan interval, TimeProvider time, ILogger logger)
{
    /// <summary>How often what has moved is written. A kill forgets what moved since.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(5);

    /// <summary>The most times in the record, of the values that were stored last: 52,428.</summary>
    public const int MaxEntries = ShardWriter.MaxRecordBytes / MovedTimes.EntryLength;

    private static readonly Dictionary<ValueName, DateTimeOffset> None = [];

    private Task _saving = Task.CompletedTask;
    private string? _etag;

    // Whether the ETag is that of the record in storage, as far as this activation knows.
    private bool _isKnown;
    private bool _hasEntries;

    /// <summary>Reads the times of values by their names. Never fails; without a record that can be read there are none.</summary>
    public async Task<IReadOnlyDictionary<ValueName, DateTimeOffset>> ReadAsync()
    {
        try
        {
            _isKnown = false;
            (var record, _etag) = await storage.ReadAsync<TimesRecord>(RecordNames.Times);
            (_isKnown, _hasEntries) = (true, record?.Entries.Length > 0);
            var times = new Dictionary<ValueName, DateTimeOffset>();
            if (record is null || MovedTimes.TryDecode(record.Entries, record.Minutes, times))
            {
                return times;
            }

            logger.TimesNotRead(name, "it is damaged");
        }
        catch (Exception e)
        {
            logger.TimesNotRead(name, e.Message);
        }

        return None;
    }

    public void Raise(StorageImage image, IReadOnlyDictionary<ValueName, DateTimeOffset> times) =>
        image.Raise(times, MovedTimes.LatestAt(time.GetUtcNow()));

    /// <summary>Writes the times that have moved, if any has since the last time. Never fails.</summary>
    public Task SaveAsync(StorageImage image) => _saving.IsCompleted ? _saving = SaveOnceAsync(image) : _saving;

    /// <summary>The same of all that moved before the call.</summary>
    public async Task SaveAllAsync(StorageImage image)
    {
        await _saving;
        await SaveAsync(image);
    }

    /// <summary>Empties the record of a shard whose halves have everything, their times too. Never fails.</summary>
    public async Task EmptyAsync()
    {
        await _saving;
        if (!_isKnown)
        {
            await ReadAsync();
        }

        if (_hasEntries && await TryWriteAsync(RecordOf([])))
        {
            _hasEntries = false;
        }
    }

    private async Task SaveOnceAsync(StorageImage image)
    {
        if (!image.HasMoved || image.IsSealed)
        {
            return;
        }

        if (!_isKnown)
        {
            // Another activation wrote it, or nobody knows whether this one did.
            var times = await ReadAsync();
            if (!_isKnown)
            {
                return;
            }

            Raise(image, times);
        }

        image.HasMoved = false;
        var record = Encode(image);
        _hasEntries |= record.Entries.Length > 0;
        if (_hasEntries && !await TryWriteAsync(record))
        {
            image.HasMoved = true;
        }
    }

    private async Task<bool> TryWriteAsync(TimesRecord record)
    {
        try
        {
            _isKnown = false;
            _etag = await storage.WriteAsync([new(RecordNames.Times, record, _etag)])[0];
            _isKnown = true;
            return true;
        }
        catch (Exception e)
        {
            logger.TimesNotWritten(name, e.Message);
            return false;
        }
    }

    // Older times are left out: those values are due in any case.
    private TimesRecord Encode(StorageImage image)
    {
        var now = time.GetUtcNow();
        var moved = image.FindMoved().Where(held => now - held.StoredAt < interval).ToList();
        var last = moved.Count <= MaxEntries ? moved : moved.OrderByDescending(static held => held.StoredAt).Take(MaxEntries);
        return RecordOf([.. last.Select(static held => (MovedTimes.NameOf(held.Key, held.ExpiresAt), MovedTimes.MinutesOf(held.StoredAt)))]);
    }

    private TimesRecord RecordOf(IReadOnlyCollection<(ValueName Name, long Minutes)> entries)
    {
        var minutes = MovedTimes.MinutesOf(time.GetUtcNow());
        return new TimesRecord { Minutes = minutes, Entries = MovedTimes.Encode(entries, minutes) };
    }
}
