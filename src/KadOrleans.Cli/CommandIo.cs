namespace KadOrleans.Cli;

/// <summary>Where a command reads and writes. The writer for errors must be safe to use from several threads.</summary>
public sealed class CommandIo : IDisposable
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    // How often it is looked whether the output's reader has left.
    private static readonly TimeSpan ReaderLook = TimeSpan.FromSeconds(1);

    private readonly Func<Stream> _openInput;

    public CommandIo(Func<Stream> openInput, Stream output, TextWriter error)
    {
        (_openInput, Error) = (openInput, error);
        OutputBytes = output as StandardOutput ?? new StandardOutput(output);
        Output = new StreamWriter(OutputBytes, Utf8, leaveOpen: true) { AutoFlush = true };
    }

    /// <summary>Results as text; flushed with each write. One that fails ends a command.</summary>
    public TextWriter Output { get; }

    /// <summary>Results as bytes; nothing of <see cref="Output"/> waits before them.</summary>
    public Stream OutputBytes { get; }

    /// <summary>Waits, and fails as a write would once nobody reads the standard output any more.</summary>
    /// <exception cref="IOException">The reader has left.</exception>
    public async Task PauseAsync(TimeSpan length, CancellationToken cancellationToken)
    {
        for (var left = length; left > TimeSpan.Zero; left -= ReaderLook)
        {
            await Task.Delay(left < ReaderLook ? left : ReaderLook, cancellationToken);
            if (!((StandardOutput)OutputBytes).HasReader)
            {
                throw OutputException.ReaderLeft();
            }
        }
    }

    /// <summary>Errors, warnings and progress. Text that may come from strangers goes through <see cref="Say"/>.</summary>
    public TextWriter Error { get; }

    public bool IsOutputTerminal { get; init; }

    public bool IsErrorTerminal { get; init; }

    public bool IsInputTerminal { get; init; }

    public static CommandIo FromConsole() => new(
        StandardInput.Open,
        OperatingSystem.IsWindows() || !Console.IsOutputRedirected ? Console.OpenStandardOutput() : new RedirectedOutput(Console.OpenStandardOutput()),
        TextWriter.Synchronized(new BestEffortWriter(new StreamWriter(Console.OpenStandardError(), Utf8) { AutoFlush = true })))
    {
        IsOutputTerminal = !Console.IsOutputRedirected,
        IsErrorTerminal = !Console.IsErrorRedirected,
        IsInputTerminal = !Console.IsInputRedirected,
    };

    public void Say(string sentence) => Error.WriteLine(VisibleText.Show(sentence));

    /// <summary>What a server says about itself: the standard output, as well as it can be written.</summary>
    public TextWriter Announcements => new BestEffortWriter(Output);

    /// <summary>The standard input. Cancelling a read ends it at once, though the terminal or pipe may send nothing.</summary>
    public Stream OpenInput() => new InterruptibleInput(_openInput());

    /// <summary>
    /// Asks a person on the terminal. Where nobody can be asked, or the answer is not y or yes, the command ends as wrong usage or as failed.
    /// </summary>
    public async Task ConfirmAsync(string question, CancellationToken cancellationToken)
    {
        if (!IsInputTerminal)
        {
            throw CommandException.WrongUsage($"{question} Nobody can be asked here: --yes is needed.");
        }

        await Error.WriteAsync($"{VisibleText.Show(question)} [y/N] ");
        await using var input = OpenInput();
        var line = new byte[64];
        var length = await input.ReadAsync(line, cancellationToken);
        if (Encoding.UTF8.GetString(line, 0, length).Trim().ToUpperInvariant() is not ("Y" or "YES"))
        {
            throw CommandException.Failed("Nothing was changed.");
        }
    }

    public void Dispose() => Output.Dispose();
}

/// <summary>Ends a command. The message is one sentence for the user.</summary>
public sealed class CommandException(int exitCode, string message, Exception? cause = null) : Exception(message, cause)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>A name of why, for programs; null if there is none.</summary>
    public string? Reason { get; init; }

    /// <summary>Which of the operations that were sent together it is about, from 1; null if it is about none.</summary>
    public int? Operation { get; init; }

    /// <summary>The command line, or a file or port that it names, is wrong.</summary>
    public static CommandException WrongUsage(string message, Exception? cause = null) => new(KadOrleans.Http.ExitCode.WrongUsage, message, cause);

    public static CommandException Failed(string message, Exception? cause = null) => new(KadOrleans.Http.ExitCode.Failed, message, cause);

    public static CommandException Unreachable(string message) => new(KadOrleans.Http.ExitCode.Unreachable, message);
}
