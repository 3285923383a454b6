using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace KadOrleans.Cli;

/// <summary>Calls the HTTP API of a node, a silo or an edge. Failures are sentences with an exit code.</summary>
public sealed class AdminClient : IDisposable
{
    /// <summary>The most bytes of a response: a page of 1,000 keys has a quarter of a megabyte, a table of a large network one.</summary>
    private const long MaxResponse = 64 << 20;

    /// <summary>How often a request is made again that the server refused for the token's rate, each time a second later.</summary>
    private const int MaxRetries = 30;

    // How long a response may take, or the beginning of one that is read as it comes. A call of the cluster takes 28 s at most.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;
    private volatile string? _certificateProblem;

    public AdminClient(Uri url, string token, TimeSpan? timeout = null, X509Certificate2Collection? authorities = null)
    {
        _http = new HttpClient(CreateHandler(authorities))
        {
            BaseAddress = url,
            MaxResponseContentBufferSize = MaxResponse,
            Timeout = timeout ?? LongestWait,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    public async Task<JsonObject> SendAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await SendOnceAsync(request, cancellationToken);
        }
        catch (OperationCanceledException) when (request.Method != HttpMethod.Get)
        {
            throw CommandException.Failed("Interrupted: the server may do it all the same.");
        }
    }

    private Task<JsonObject> SendOnceAsync(ApiRequest request, CancellationToken cancellationToken) => CallAsync(async () =>
    {
        for (var retries = 0; ; retries++)
        {
            using var message = new HttpRequestMessage(request.Method, new Uri(request.Path, UriKind.Relative));
            message.Content = request.Content;
            using var response = await _http.SendAsync(message, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            if (response.StatusCode != HttpStatusCode.TooManyRequests || retries == MaxRetries)
            {
                return response.IsSuccessStatusCode ? Parse(text) : throw Refused(response.StatusCode, text);
            }

            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
        }
    }, cancellationToken);

    /// <summary>Reads the body of the response to a request that reads, however long it is.</summary>
    public Task<T> ReadAsync<T>(string path, Func<Stream, Task<T>> read, CancellationToken cancellationToken) => CallAsync(async () =>
    {
        using var response = await _http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return response.IsSuccessStatusCode
            ? await read(await response.Content.ReadAsStreamAsync(cancellationToken))
            : throw Refused(response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }, cancellationToken);

    public CommandException Unreachable(Exception e) =>
        CommandException.Unreachable($"{_http.BaseAddress} does not respond: {Phrases.ReasonOf(e)}.");

    public void Dispose() => _http.Dispose();

    private async Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call();
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw _certificateProblem is { } problem
                ? CommandException.WrongUsage(
                    $"--url is '{_http.BaseAddress}', whose certificate is not accepted ({problem}); one for that name is needed, "
                    + $"by an authority of the system or of {Connection.AuthorityOption}.")
                : CommandException.Unreachable(
                    $"{_http.BaseAddress} does not respond with TLS ({Phrases.ReasonOf(e)}); "
                    + $"if it serves plain HTTP, --url is http://{_http.BaseAddress!.Authority}.");
        }
        catch (HttpRequestException e)
        {
            throw Unreachable(e);
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw CommandException.Unreachable($"{_http.BaseAddress} did not respond within {_http.Timeout.TotalSeconds} s.");
        }
    }

    // Revocation is not checked: a private authority commonly serves no list.
    private SocketsHttpHandler CreateHandler(X509Certificate2Collection? authorities)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, chain, errors) => Accept(chain, errors);
        if (authorities is not null)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(authorities);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        return handler;
    }

    // As without a callback. What is wrong is noted, as a server that speaks no TLS fails alike.
    private bool Accept(X509Chain? chain, SslPolicyErrors errors)
    {
        _certificateProblem = errors switch
        {
            SslPolicyErrors.None => null,
            _ when errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && chain?.ChainStatus is [var first, ..] =>
                Phrases.Of(first.StatusInformation),
            _ => "it is for another name",
        };
        return errors == SslPolicyErrors.None;
    }

    private JsonObject Parse(string text)
    {
        try
        {
            return text.Length == 0 ? [] : JsonNode.Parse(text) as JsonObject ?? throw NoApi();
        }
        catch (JsonException)
        {
            throw NoApi();
        }
    }

    private CommandException NoApi() => CommandException.WrongUsage($"--url is '{_http.BaseAddress}', where no node or silo serves its API; the HTTP address of one is needed, and a silo serves it only with Kad:Http:Tokens.");

    private CommandException Refused(HttpStatusCode status, string text)
    {
        var type = FieldOf(text, "type");
        if (type == ProblemType.NoManagement.Reference)
        {
            return CommandException.WrongUsage(
                $"--url is '{_http.BaseAddress}', an edge, which has no management; the HTTP address of a silo is needed.");
        }

        if (status == HttpStatusCode.NotFound && type is null)
        {
            return NoApi();
        }

        var exitCode = status switch
        {
            _ when type == ProblemType.UnknownLimit.Reference => ExitCode.WrongUsage,
            HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.RequestEntityTooLarge =>
                ExitCode.WrongUsage,
            HttpStatusCode.ServiceUnavailable => ExitCode.Unreachable,
            _ => ExitCode.Failed,
        };
        return new CommandException(exitCode, FieldOf(text, "detail") ?? $"The server refused the request with the status {(int)status}.")
        {
            Reason = FieldOf(text, "reason"),
            Operation = NumberOf(text, "operation"),
        };
    }

    private static string? FieldOf(string text, string name) =>
        ValueOf(text, name) is { } field && field.TryGetValue<string>(out var content) ? VisibleText.Show(content) : null;

    private static int? NumberOf(string text, string name) =>
        ValueOf(text, name) is { } field && field.TryGetValue<int>(out var number) ? number : null;

    private static JsonValue? ValueOf(string text, string name)
    {
        try
        {
            return JsonNode.Parse(text)?[name] as JsonValue;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
