using KadOrleans.Testing.Processes;

namespace KadOrleans.Testing.Clusters;

/// <summary>A process of a cluster's or network's, which can be ended, frozen and started again where it was.</summary>
public abstract class RestartableServer : IAsyncDisposable
{
    private string _errors = string.Empty;
    private volatile bool _isBeingEnded;

    /// <summary>Whether a process was started that has ended by itself.</summary>
    public bool HasEnded => !_isBeingEnded && Process?.HasExited == true;

    /// <summary>What it wrote to its standard error since its last start.</summary>
    public string Errors => Process?.Error.Text ?? _errors;

    /// <summary>The processor time of the running process, user and system.</summary>
    public TimeSpan ProcessorTime => Process?.ProcessorTime ?? TimeSpan.Zero;

    /// <summary>The running one; null before the first start and after each end.</summary>
    protected ChildProcess? Process { get; set; }

    /// <summary>Starts it and waits until it serves.</summary>
    public abstract Task StartAsync();

    /// <summary>SIGKILL, and its end.</summary>
    public async Task KillAsync()
    {
        _isBeingEnded = true;
        await Process!.KillAsync();
        await ForgetAsync();
    }

    /// <summary>SIGTERM, and the exit code.</summary>
    public async Task<int> StopAsync()
    {
        _isBeingEnded = true;
        var code = await Process!.StopAsync();
        await ForgetAsync();
        return code;
    }

    /// <summary>It hangs: SIGSTOP.</summary>
    public Task HangAsync() => Process!.SignalAsync("STOP");

    /// <summary>It goes on after <see cref="HangAsync"/>.</summary>
    public Task ContinueAsync() => Process!.SignalAsync("CONT");

    /// <summary>Waits until it ends by itself, and returns the exit code.</summary>
    public Task<int> ExitAsync() => Process!.ExitAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Process is not null)
        {
            await ForgetAsync();
        }
    }

    private async Task ForgetAsync()
    {
        _isBeingEnded = true;
        await Process!.DisposeAsync();
        _errors = Process.Error.Text;
        Process = null;
        _isBeingEnded = false;
    }
}
