using System.Globalization;
using System.Net;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>What a process says of its health over HTTP.</summary>
internal sealed class HealthReader(int port) : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http = new()
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}"),
        Timeout = Longest,
    };

    /// <summary>The setting that has the process serve it.</summary>
    public string Setting => $"Kad:Http={_http.BaseAddress!.Authority}";

    /// <summary>Status code and body of <c>/health/live</c> or <c>/health/ready</c>.</summary>
    public async Task<(HttpStatusCode Code, string Body)> ReadAsync(string what)
    {
        using var answer = await _http.GetAsync(new Uri($"/health/{what}", UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Waits until <c>/health/ready</c> has a code and says something.</summary>
    public async Task BecomesAsync(HttpStatusCode code, string words)
    {
        using var deadline = new CancellationTokenSource(Longest);
        using var timer = new PeriodicTimer(Interval);
        string last;
        do
        {
            last = await TryReadAsync();
            if (last.StartsWith($"{code} ", StringComparison.Ordinal) && last.Contains(words, StringComparison.Ordinal))
            {
                return;
            }

            await timer.WaitForNextTickAsync();
        }
        while (!deadline.IsCancellationRequested);
        Assert.Fail($"'{code} … {words}' was waited for; the last was '{last}'.");
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> TryReadAsync()
    {
        try
        {
            var (code, body) = await ReadAsync("ready");
            return $"{code} {body}";
        }
        catch (HttpRequestException e)
        {
            // It does not listen yet.
            return e.Message;
        }
    }
}
