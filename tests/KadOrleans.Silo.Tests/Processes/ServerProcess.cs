using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;

namespace KadOrleans.Silo.Tests.Processes;

/// <summary>A built silo, edge or standalone node as a process of its own, which ends with the test.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    // Generous: a loaded machine may take long to start a process.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly string _name;
    private readonly Channel<string> _output = Channel.CreateUnbounded<string>();
    private readonly ConcurrentQueue<string> _errors = new();

    private ServerProcess(string name, ProcessStartInfo start)
    {
        _name = name;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Take(e.Data);
        _process.ErrorDataReceived += (_, e) => _errors.Enqueue(e.Data ?? string.Empty);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>What it wrote to its error stream.</summary>
    public string Errors => string.Join('\n', _errors);

    /// <summary>Starts an executable of this build in a folder.</summary>
    /// <param name="assembly">Its assembly, without the extension.</param>
    /// <param name="folder">Its working directory.</param>
    /// <param name="args">Its settings, as <c>Kad:Http=127.0.0.1:0</c>, or a command and options.</param>
    public static ServerProcess Start(string assembly, string folder, IEnumerable<string> args)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, $"{assembly}.dll"));
        foreach (var arg in args)
        {
            start.ArgumentList.Add(arg);
        }

        return new ServerProcess(assembly, start);
    }

    /// <summary>The next line of its output that begins so.</summary>
    public async Task<string> LineAsync(string beginning)
    {
        using var deadline = new CancellationTokenSource(Longest);
        try
        {
            while (true)
            {
                var line = await _output.Reader.ReadAsync(deadline.Token);
                if (line.StartsWith(beginning, StringComparison.Ordinal))
                {
                    return line;
                }
            }
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{_name} wrote no line '{beginning}…'; its errors were: {Errors}", e);
        }
    }

    /// <summary>SIGKILL, and its end.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await ExitAsync();
    }

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        return await ExitAsync();
    }

    /// <summary>Waits for its end and returns its exit code.</summary>
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

    private void Take(string? line)
    {
        if (line is null)
        {
            _output.Writer.TryComplete();
            return;
        }

        _output.Writer.TryWrite(line);
    }
}
