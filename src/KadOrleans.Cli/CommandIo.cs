namespace KadOrleans.Cli;

/// <summary>Where a command reads and writes. The writer for errors must be safe to use from several threads.</summary>
public sealed class CommandIo(Func<Stream> openInput, Stream output, TextWriter error) : IDisposable
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Results as text; flushed with each write.</summary>
    public TextWriter Output { get; } = new StreamWriter(output, Utf8, leaveOpen: true) { AutoFlush = true };

    /// <summary>Results as bytes; nothing of <see cref="Output"/> waits before them.</summary>
    public Stream OutputBytes => output;

    /// <summary>Errors, warnings and progress. Text that may come from strangers goes through <see cref="Say"/>.</summary>
    public TextWriter Error => error;

    public bool IsOutputTerminal { get; init; }

    public bool IsErrorTerminal { get; init; }

    public static CommandIo FromConsole() => new(
        Console.OpenStandardInput,
        Console.OpenStandardOutput(),
        TextWriter.Synchronized(new BestEffortWriter(new StreamWriter(Console.OpenStandardError(), Utf8) { AutoFlush = true })))
    {
        IsOutputTerminal = !Console.IsOutputRedirected,
        IsErrorTerminal = !Console.IsErrorRedirected,
    };

    public void Say(string sentence) => Error.WriteLine(VisibleText.Show(sentence));

    public Stream OpenInput() => openInput();

    public void Dispose() => Output.Dispose();

    /// <summary>Standard error. A failure to write there must not end a node or change a result.</summary>
    private sealed class BestEffortWriter(TextWriter inner) : TextWriter
    {
        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => Write([value], 0, 1);

        public override void Write(string? value) => Write(value?.ToCharArray() ?? [], 0, value?.Length ?? 0);

        // In one piece: lines of several processes must not mix.
        public override void WriteLine(string? value) => Write(value + NewLine);

        public override void Write(char[] buffer, int index, int count)
        {
            try
            {
                inner.Write(buffer, index, count);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Closed, or its reader has gone.
            }
        }
    }
}

/// <summary>Ends a command. The message is one sentence for the user.</summary>
public sealed class CommandException(int exitCode, string message, Exception? cause = null) : Exception(message, cause)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>The command line, or a file or port that it names, is wrong.</summary>
    public static CommandException WrongUsage(string message, Exception? cause = null) => new(KadOrleans.Hosting.ExitCode.WrongUsage, message, cause);

    public static CommandException Failed(string message, Exception? cause = null) => new(KadOrleans.Hosting.ExitCode.Failed, message, cause);

    public static CommandException Unreachable(string message) => new(KadOrleans.Hosting.ExitCode.Unreachable, message);
}
