using System.Threading.Channels;

namespace KadOrleans.Lab;

/// <summary>An executable of this build as a process of its own, which ends with the test.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    // Generous: a loaded machine may take long to start a process.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    private const int SigInt = 2;

    // A shell has what it runs in the background ignore SIGINT. .NET leaves an ignored signal ignored, in the processes that it starts too.
    private static readonly bool IgnoresInterrupts = OperatingSystem.IsLinux() && TerminationSignals.IsIgnored(SigInt);

    private readonly Process _process;
    private readonly string _name;

    private ChildProcess(string name, ProcessStartInfo start)
    {
        _name = name;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Output.Add(e.Data);
        _process.ErrorDataReceived += (_, e) => Error.Add(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Bytes of its pages in the machine's memory, now and at most since it began.</summary>
    public (long Current, long Peak) Memory
    {
        get
        {
            _process.Refresh();
            return (_process.WorkingSet64, _process.PeakWorkingSet64);
        }
    }

    public bool HasExited => _process.HasExited;

    public ProcessLines Output { get; } = new();

    public ProcessLines Error { get; } = new();

    public static ChildProcess Start(string assembly, string folder, params IEnumerable<string> args) =>
        new(assembly, StartInfo(assembly, folder, args));

    /// <summary>The same, by a command that runs what follows it, such as one that enters a namespace.</summary>
    public static ChildProcess StartInside(IReadOnlyList<string> outer, string assembly, string folder, IEnumerable<string> args) =>
        new(assembly, StartInfo(assembly, folder, args, [.. outer]));

    public static ChildProcess Start(ProcessStartInfo program)
    {
        program.RedirectStandardInput = program.RedirectStandardOutput = program.RedirectStandardError = true;
        return new ChildProcess(program.FileName, program);
    }

    /// <summary>Starts it with some variables, besides those of this process unless these are all.</summary>
    public static ChildProcess Start(
        string assembly, string folder, IReadOnlyDictionary<string, string> environment, IEnumerable<string> args, bool isAll = true)
    {
        var start = StartInfo(assembly, folder, args);
        if (isAll)
        {
            start.Environment.Clear();
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ChildProcess(assembly, start);
    }

    /// <summary>
    /// The same, for <see cref="LimitFilesAsync"/>: without that it would be ended by the signal that comes with a write beyond
    /// the limit.
    /// </summary>
    public static ChildProcess StartForFileLimits(
        string assembly,
        string folder,
        TimeSpan clockAhead,
        IReadOnlyDictionary<string, string> environment,
        IReadOnlyList<string> outer,
        params IEnumerable<string> args)
    {
        var start = StartInfo(assembly, folder, args, [.. outer, "sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"]);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        if (clockAhead != TimeSpan.Zero)
        {
            // Measured time and timers stay as they are.
            start.Environment["LD_PRELOAD"] = Machine.FakeTime;
            start.Environment["FAKETIME"] = string.Create(CultureInfo.InvariantCulture, $"{clockAhead.TotalSeconds:+0;-0}s");
            start.Environment["FAKETIME_DONT_FAKE_MONOTONIC"] = start.Environment["DONT_FAKE_MONOTONIC"] = "1";
        }

        return new ChildProcess(assembly, start);
    }

    /// <summary>The next line of its output, or null after the last.</summary>
    public async Task<string?> ReadLineAsync()
    {
        using var deadline = new CancellationTokenSource(Longest);
        try
        {
            return await Output.NextAsync(deadline.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new InvalidOperationException($"{_name} wrote nothing; its errors were: {Error.Text}", e);
        }
    }

    public Task<string> NextLineAsync() => LineAsync(string.Empty);

    public async Task<string> LineAsync(string beginning)
    {
        while (await ReadLineAsync() is { } line)
        {
            if (line.StartsWith(beginning, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"{_name} wrote no line '{beginning}…'; its errors were: {Error.Text}");
    }

    public void WriteLine(string line) => _process.StandardInput.WriteLine(line);

    public void Kill() => _process.Kill();

    public async Task KillAsync()
    {
        _process.Kill();
        await ExitAsync();
    }

    public Task<int> StopAsync() => StopAsync("TERM");

    public Task<int> InterruptAsync() => StopAsync("INT");

    /// <summary>Sends a signal, such as <c>STOP</c> and <c>CONT</c>, which make it hang and go on.</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>
    /// Lets no file grow beyond a size, such as <c>1</c> byte or <c>unlimited</c>: each write beyond it fails, as on a full disk.
    /// </summary>
    public async Task LimitFilesAsync(string size)
    {
        using var limit = Process.Start("prlimit", ["--pid", _process.Id.ToString(CultureInfo.InvariantCulture), $"--fsize={size}:"]);
        await limit.WaitForExitAsync();
    }

    public Task<int> FinishAsync()
    {
        _process.StandardInput.Close();
        return ExitAsync();
    }

    public async Task<int> ExitAsync()
    {
        using var deadline = new CancellationTokenSource(Longest);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private async Task<int> StopAsync(string signal)
    {
        await SignalAsync(signal);
        return await ExitAsync();
    }

    private static ProcessStartInfo StartInfo(string assembly, string folder, IEnumerable<string> args, params string[] shell)
    {
        string[] command = [.. shell, "dotnet", Path.Combine(AppContext.BaseDirectory, $"{assembly}.dll"), .. args];
        if (IgnoresInterrupts)
        {
            command = ["env", "--default-signal=INT", .. command];
        }

        return new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        };
    }
}

/// <summary>What a process writes, line by line as it comes: kept, and to be waited for.</summary>
public sealed class ProcessLines
{
    private readonly Channel<string> _arriving = Channel.CreateUnbounded<string>();
    private readonly ConcurrentQueue<string> _all = new();

    public IReadOnlyCollection<string> All => _all;

    public string Text => string.Join('\n', _all);

    /// <summary>The next line that was not taken before, or null after the last.</summary>
    public async Task<string?> NextAsync(CancellationToken cancellationToken)
    {
        while (await _arriving.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_arriving.Reader.TryRead(out var line))
            {
                return line;
            }
        }

        return null;
    }

    internal void Add(string? line)
    {
        if (line is null)
        {
            _arriving.Writer.TryComplete();
            return;
        }

        _all.Enqueue(line);
        _arriving.Writer.TryWrite(line);
    }
}
