namespace KadOrleans.Cli;

/// <summary>A standard output whose failures are <see cref="OutputException"/>s.</summary>
internal class StandardOutput(Stream inner) : WriteOnlyStream
{
    /// <summary>Whether somebody may still read it. A pipe whose reader has left fails the next write; this tells it without one.</summary>
    public virtual bool HasReader => true;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            WriteAll(buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OutputException(e);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override void Flush() => inner.Flush();

    protected virtual void WriteAll(ReadOnlySpan<byte> buffer) => inner.Write(buffer);
}

/// <summary>The standard output could not be written.</summary>
internal sealed class OutputException(Exception cause) : IOException(
    $"The standard output cannot be written ({Phrases.Of(cause.Message)}); what the command changed stays changed.", cause)
{
    // EPIPE, on Linux and macOS.
    private const int BrokenPipe = 32;

    /// <summary>Whether who read it has left, as <c>head</c> does once it has enough. He wants to hear no more.</summary>
    public bool HasNoReader { get; } = cause.HResult == BrokenPipe;

    /// <summary>The failure of a pipe whose reader has left.</summary>
    public static OutputException ReaderLeft() => new(new IOException("Broken pipe", BrokenPipe));
}
