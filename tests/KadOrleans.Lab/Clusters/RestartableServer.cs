namespace KadOrleans.Lab;

/// <summary>A process of a cluster's or network's, which can be ended, frozen and started again where it was.</summary>
public abstract class RestartableServer : IAsyncDisposable
{
    private string _errors = string.Empty;
    private volatile bool _isBeingEnded;

    /// <summary>Where it runs.</summary>
    public MemberHost Host { get; init; } = MemberHost.Local;

    public bool HasEnded => !_isBeingEnded && Process?.HasExited == true;

    public string Errors => Process?.Error.Text ?? _errors;

    public TimeSpan ProcessorTime => Process?.ProcessorTime ?? TimeSpan.Zero;

    /// <summary>Bytes of memory that it has now; 0 while it does not run.</summary>
    public long Memory => Process?.Memory.Current ?? 0;

    /// <summary>The running one; null before the first start and after each end.</summary>
    protected ChildProcess? Process { get; set; }

    public abstract Task StartAsync();

    public async Task KillAsync()
    {
        _isBeingEnded = true;
        await Process!.KillAsync();
        await ForgetAsync();
    }

    public async Task RestartAsync()
    {
        await KillAsync();
        await StartAsync();
    }

    public async Task<int> StopAsync()
    {
        _isBeingEnded = true;
        var code = await Process!.StopAsync();
        await ForgetAsync();
        return code;
    }

    public Task HangAsync() => Process!.SignalAsync("STOP");

    public Task ContinueAsync() => Process!.SignalAsync("CONT");

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
