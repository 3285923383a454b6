namespace KadOrleans.Shards;

/// <summary>
/// The split of a shard into its halves. A seal ends its log: whoever would write behind it finds it there, as each write of a slot is a
/// compare-and-swap. Then everything is copied. From then on the halves decide. Each step may be done again, by any activation.
/// </summary>
internal sealed class Splitter(RecordLog log, BatchWriter writer, SplitCopier copier, ValueCache cache)
{
    /// <summary>Each try follows a compaction by another activation, and five of them do not happen.</summary>
    private const int MaxTries = 5;

    private Task _moving = Task.CompletedTask;
    private Task _emptying = Task.CompletedTask;

    // An image to which the halves have added nothing.
    private StorageImage? _current;

    /// <summary>Whether the halves have everything, and decide.</summary>
    public bool IsMoved { get; private set; }

    /// <summary>Whether the shard answers gets itself: it is not sealed, or is known to be ahead of its halves.</summary>
    public bool MayRead => !log.IsSealed || (log.Image == _current && !IsMoved);

    /// <summary>Completes when nothing is copied or emptied. Never fails.</summary>
    public Task Completion => Task.WhenAll(_moving, _emptying).ContinueWith(
        static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Moves everything into the halves, if that is not done or being done. Writes wait for it.</summary>
    /// <exception cref="Exception">Storage failed. It may be called again.</exception>
    public Task MoveAsync() => IsMoved ? Task.CompletedTask : _moving.IsCompleted ? _moving = MoveOnceAsync() : _moving;

    /// <summary>Finds out how far the split of a sealed shard came.</summary>
    public async Task<IReadOnlyList<HalfCopy>> FindMissingAsync()
    {
        var image = log.Image;
        var missing = image.IsSplit ? [] : await copier.FindMissingAsync();
        (IsMoved, _current) = (missing.Count == 0, image);
        return missing;
    }

    /// <summary>Empties the shard, whose halves have everything, if that is not being done.</summary>
    /// <exception cref="Exception">Storage failed. It may be called again.</exception>
    public Task EmptyAsync() => _emptying.IsCompleted ? _emptying = EmptyOnceAsync() : _emptying;

    private Task EmptyOnceAsync() => RetryAsync(async () =>
    {
        await copier.EmptyAsync(log.Image);
        if (log.Shard.Count > 0)
        {
            await writer.ReloadAsync();
        }
    });

    private async Task MoveOnceAsync()
    {
        if (!log.IsSealed && await writer.SealAsync())
        {
            _current = log.Image;
        }

        await RetryAsync(async () =>
        {
            await log.Compacting;
            if (log.IsInDoubt)
            {
                await writer.ReloadAsync();
            }

            if (await FindMissingAsync() is { Count: > 0 } missing)
            {
                using var turn = await cache.Compactions.TakeAsync();
                await copier.CopyAsync(_current!, missing);
                IsMoved = true;
            }
        });
    }

    private async Task RetryAsync(Func<Task> run)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await run();
                return;
            }
            catch (StorageConflictException) when (tries < MaxTries)
            {
                await writer.ReloadAsync();
            }
        }
    }
}
