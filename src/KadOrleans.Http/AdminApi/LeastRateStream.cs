namespace KadOrleans.Http;

// The body of a response whose reader must take a least rate, so that one that stalls does not hold what the response holds. The time of
// writes alone counts: a server that is slow to produce costs its reader nothing. Kestrel's own least rate lets every write take the
// whole grace period, which of writes of 64 KiB is a few kilobytes a second.
internal sealed class LeastRateStream(Stream body, TimeProvider time, Action tooSlow) : WriteOnlyStream
{
    /// <summary>The least rate over <see cref="Patience"/>: a megabyte in ten seconds.</summary>
    public const int BytesPerSecond = 100_000;

    /// <summary>How long a reader may take nothing. What it takes faster earns no more.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private TimeSpan _left = Patience;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await WithinAsync(body.WriteAsync(buffer, cancellationToken));
        _left = TimeSpan.FromTicks(Math.Min(
            Patience.Ticks, _left.Ticks + (buffer.Length * TimeSpan.TicksPerSecond / BytesPerSecond)));
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => WithinAsync(new ValueTask(body.FlushAsync(cancellationToken)));

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    private async Task WithinAsync(ValueTask write)
    {
        if (write.IsCompleted)
        {
            await write;
            return;
        }

        var begun = time.GetTimestamp();
        await using (time.CreateTimer(_ => tooSlow(), state: null, _left > TimeSpan.Zero ? _left : TimeSpan.Zero, Timeout.InfiniteTimeSpan))
        {
            await write;
        }

        _left -= time.GetElapsedTime(begun);
    }
}
