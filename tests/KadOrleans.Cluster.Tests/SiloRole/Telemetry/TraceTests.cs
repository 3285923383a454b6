using System.Net.Http.Headers;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class TraceTests : FolderTests
{
    private const int Server = 2;

    private readonly (string Secret, ApiToken Token) _operator = ApiToken.Create("operator", ApiScope.All);

    [Fact]
    public async Task A_put_over_HTTP_its_grain_calls_and_what_is_logged_meanwhile_are_one_trace_without_the_key()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var silo = await StartAsync(collector, "Orleans:ClusterId=mine", "Orleans:Name=first", "DOTNET_ENVIRONMENT=Staging");
        await SendAsync(silo, HttpMethod.Put, "/v1/keys/secret-key?wait=durable");
        await SendAsync(silo, HttpMethod.Delete, "/v1/admin/keys/secret-key");
        await Eventually.BecomesAsync(
            () => collector.Metrics.Any(m => m.Meter == "Microsoft.AspNetCore.Hosting"), () => "No metric of HTTP came.");
        await Eventually.BecomesAsync(() => collector.Logs.Any(log => log.Category == AuditLog.Category), () => "No line of the audit log came.");
        await silo.StopAsync();

        var put = RequestOf(collector, "PUT");
        Assert.Contains(collector.Spans, span => span.Source == "Microsoft.Orleans.Application" && span.Trace == put.Trace);
        Assert.Equal(
            ("kad-silo", "mine", "first", "staging"),
            (put.Resource["service.name"], put.Resource["kad.cluster.id"], put.Resource["kad.silo.name"], put.Resource["deployment.environment.name"]));
        Assert.DoesNotContain(collector.Spans, span => span.Name.Contains("secret-key", StringComparison.Ordinal)
            || span.Tags.Values.Any(tag => tag.Contains("secret-key", StringComparison.Ordinal)));
        var audit = Assert.Single(collector.Logs, log => log.Tags.GetValueOrDefault("logrecord.event.id") == "8110");
        Assert.Equal(("KadOrleans.Audit", RequestOf(collector, "DELETE").Trace), (audit.Category, audit.Trace));
    }

    [Fact]
    [Needs(Need.PostgreSql)]
    public async Task Statements_of_PostgreSQL_are_in_the_trace_of_what_caused_them_and_its_connections_are_measured()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var server = await PostgreSqlServer.StartAsync();
        await using var silo = await StartAsync(
            collector, [.. SharedPostgreSql.StorageIn(server.ConnectionString), "Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1"]);
        await SendAsync(silo, HttpMethod.Put, "/v1/keys/secret-key?wait=durable");
        await Eventually.BecomesAsync(() => collector.Metrics.Any(m => m.Meter == "Npgsql"), () => "No metric of Npgsql came.");
        await silo.StopAsync();

        var put = RequestOf(collector, "PUT");
        Assert.Contains(collector.Spans, span => span.Source == "Npgsql" && span.Trace == put.Trace);
    }

    [Fact]
    public async Task The_first_lines_of_a_silo_are_its_own()
    {
        await using var silo = await HostedSilo.StartAsync(Folder);

        Assert.DoesNotContain("ange", silo.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("grain service", silo.Log, StringComparison.Ordinal);
        Assert.Contains(" info The cluster has ", silo.Log, StringComparison.Ordinal);
        await silo.StopAsync();
        Assert.DoesNotContain("grain service", silo.Log, StringComparison.Ordinal);
    }

    private Task<HostedSilo> StartAsync(OtlpCollector collector, params string[] settings)
    {
        var tokens = Path.Combine(Folder, "tokens.json");
        File.WriteAllText(tokens, ApiTokens.Write([_operator.Token]));
        return HostedSilo.StartAsync(
            Folder,
            [
                $"Kad:Http:Tokens={tokens}", "Kad:Cluster:ShardBits=2", $"Kad:Telemetry:Endpoint={collector.Endpoint}",
                "OTEL_TRACES_SAMPLER=always_on", "OTEL_METRIC_EXPORT_INTERVAL=200", .. settings,
            ]);
    }

    private async Task SendAsync(HostedSilo silo, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, new Uri(silo.Http, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _operator.Secret);
        request.Content = method == HttpMethod.Put ? new StringContent("value") : null;
        using var answer = await silo.SendAsync(request);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static ReceivedSpan RequestOf(OtlpCollector collector, string method) => Assert.Single(
        collector.Spans, span => span is { Source: "Microsoft.AspNetCore", Kind: Server } && span.Tags.GetValueOrDefault("http.request.method") == method);
}
