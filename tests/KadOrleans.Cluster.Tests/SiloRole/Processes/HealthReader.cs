namespace KadOrleans.Cluster.Tests.SiloRole;

internal sealed class HealthReader(int port) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(60) };

    public string Setting => $"Kad:Http={_http.BaseAddress!.Authority}";

    public async Task<(HttpStatusCode Code, string Body)> ReadAsync(string what)
    {
        using var answer = await _http.GetAsync(new Uri($"/health/{what}", UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    public Task BecomesAsync(HttpStatusCode code, string words) =>
        Eventually.ReadAsync(TryReadAsync, last => last.Code == code && last.Body.Contains(words, StringComparison.Ordinal));

    public void Dispose() => _http.Dispose();

    private async Task<(HttpStatusCode? Code, string Body)> TryReadAsync()
    {
        try
        {
            return await ReadAsync("ready");
        }
        catch (HttpRequestException e)
        {
            // It does not listen yet.
            return (null, e.Message);
        }
    }
}
