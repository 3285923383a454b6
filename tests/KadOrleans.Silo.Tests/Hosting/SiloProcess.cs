using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;

namespace KadOrleans.Silo.Tests.Hosting;

/// <summary>The built silo as a process of its own on free ports, which ends with the test.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    // Generous: a loaded machine may take long to start a process.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Channel<string> _output = Channel.CreateUnbounded<string>();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly HttpClient _http = new(new HttpClientHandler { AllowAutoRedirect = true }) { Timeout = Longest };

    private SiloProcess(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, e) => Take(e.Data);
        _process.ErrorDataReceived += (_, e) => _errors.Enqueue(e.Data ?? string.Empty);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Where HTTP is served; known once the silo has started.</summary>
    public Uri Http { get; private set; } = new("http://localhost");

    public string Errors => string.Join('\n', _errors);

    /// <summary>Starts a process with its data in a folder.</summary>
    public static SiloProcess Start(string folder, params string[] settings)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "KadOrleans.Silo.dll"));
        string[] free =
        [
            "Kad:Http=127.0.0.1:0", "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0",
            "Kad:Edge:Listen=127.0.0.1:0", "Kad:Edge:Name=edge-of-the-test",
        ];
        foreach (var setting in free.Concat(settings))
        {
            start.ArgumentList.Add(setting);
        }

        return new SiloProcess(new Process { StartInfo = start });
    }

    /// <summary>Starts a process and waits until it says that it serves.</summary>
    public static async Task<SiloProcess> StartedAsync(string folder, params string[] settings)
    {
        var silo = Start(folder, settings);
        var health = await silo.LineAsync("health ");
        silo.Http = new Uri(health["health ".Length..].Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
        return silo;
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
            throw new InvalidOperationException($"No line '{beginning}…' came; the errors were: {Errors}", e);
        }
    }

    public Task<HttpResponseMessage> GetAsync(string path) => _http.GetAsync(new Uri(Http, path));

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => _http.SendAsync(request);

    public async Task<JsonElement> StatusAsync()
    {
        using var response = await GetAsync("/status");
        response.EnsureSuccessStatusCode();
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return document.RootElement.Clone();
    }

    /// <summary>SIGTERM, and its exit code.</summary>
    public async Task<int> TerminateAsync()
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
            _process.Kill();
            await ExitAsync();
        }

        _process.Dispose();
        _http.Dispose();
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
