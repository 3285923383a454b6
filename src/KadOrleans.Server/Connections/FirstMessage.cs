using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Server;

// Ends a connection whose caller sends no whole first message in time: Orleans waits for it without end. A silo answers that message at
// once, so its first answer shows that it came, whatever the format.
internal static class FirstMessage
{
    /// <summary>Above what a caller needs over a slow network. A probe that only connects ends before.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    public static async Task ExpectAsync(ConnectionContext connection, ConnectionDelegate next, TimeProvider time)
    {
        await using var timer = time.CreateTimer(
            _ => connection.Abort(new ConnectionAbortedException($"No first message came within {Timeout.TotalSeconds:0} s.")), null, Timeout, System.Threading.Timeout.InfiniteTimeSpan);
        connection.Transport = new Pipes(connection.Transport.Input, new FirstFlush(connection.Transport.Output, () =>
        {
            timer.Change(System.Threading.Timeout.InfiniteTimeSpan, System.Threading.Timeout.InfiniteTimeSpan);
            ConnectionLimit.NoteKnown(connection.Items);
        }));
        await next(connection);
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    // Passes everything on, and calls back before the first flush.
    private sealed class FirstFlush(PipeWriter inner, Action onFirst) : PipeWriter
    {
        private Action? _onFirst = onFirst;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            Note();
            return inner.FlushAsync(cancellationToken);
        }

        public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
        {
            Note();
            return inner.WriteAsync(source, cancellationToken);
        }

        private void Note()
        {
            if (_onFirst is not null)
            {
                Interlocked.Exchange(ref _onFirst, null)?.Invoke();
            }
        }
    }
}
