namespace KadOrleans.Cli;

/// <summary>
/// An input whose asynchronous reads end when they are cancelled, and not with the next key that somebody presses. A read that was left
/// goes on in the background until the process ends, so nothing is read from the input after that.
/// </summary>
internal sealed class InterruptibleInput(Stream input) : Stream
{
    private Task<int> _last = Task.FromResult(0);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    // Into a buffer of its own: the caller's may be used for something else once the caller has left.
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var own = new byte[buffer.Length];
        _last = Task.Run(() => input.Read(own, 0, own.Length), CancellationToken.None);
        var length = await _last.WaitAsync(cancellationToken);
        own.AsMemory(0, length).CopyTo(buffer);
        return length;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && _last.IsCompleted)
        {
            input.Dispose();
        }

        base.Dispose(disposing);
    }
}
