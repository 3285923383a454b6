using System.Text;
using KadOrleans.Core;

namespace KadOrleans.Cli;

/// <summary>A command's streams.</summary>
internal sealed class CommandIo : IDisposable
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly Func<Stream> _openInput;

    /// <param name="openInput">Opens standard input, when a command wants it.</param>
    /// <param name="output">Standard output, for results.</param>
    /// <param name="error">Standard error, for everything else. Must be safe to use from several threads.</param>
    public CommandIo(Func<Stream> openInput, Stream output, TextWriter error)
    {
        _openInput = openInput;
        OutputBytes = output;
        Output = new StreamWriter(output, Utf8, leaveOpen: true) { AutoFlush = true };
        Error = error;
    }

    /// <summary>Results as text; flushed with each write.</summary>
    public TextWriter Output { get; }

    /// <summary>Results as bytes; nothing of <see cref="Output"/> waits before them.</summary>
    public Stream OutputBytes { get; }

    /// <summary>Errors, warnings and progress. Text that may come from strangers goes through <see cref="Say"/>.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether <see cref="Output"/> is a terminal.</summary>
    public bool IsOutputTerminal { get; init; }

    /// <summary>Whether <see cref="Error"/> is a terminal.</summary>
    public bool IsErrorTerminal { get; init; }

    /// <summary>The process's own streams.</summary>
    public static CommandIo FromConsole() => new(Console.OpenStandardInput, Console.OpenStandardOutput(), OpenError())
    {
        IsOutputTerminal = !Console.IsOutputRedirected,
        IsErrorTerminal = !Console.IsErrorRedirected,
    };

    /// <summary>Writes a sentence to <see cref="Error"/>, with its invisible characters shown.</summary>
    public void Say(string sentence) => Error.WriteLine(VisibleText.Show(sentence));

    /// <summary>Standard input.</summary>
    public Stream OpenInput() => _openInput();

    public void Dispose() => Output.Dispose();

    private static TextWriter OpenError() => TextWriter.Synchronized(
        new StreamWriter(new BestEffortStream(Console.OpenStandardError()), Utf8) { AutoFlush = true });
}

/// <summary>
/// Standard error. A failure to write there must not end a node or change a result.
/// </summary>
internal sealed class BestEffortStream(Stream inner) : Stream
{
    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Closed, or its reader has gone.
        }
    }

    public override void Flush()
    {
        // Every write goes straight through.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
