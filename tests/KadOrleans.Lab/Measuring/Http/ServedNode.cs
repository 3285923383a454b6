using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Lab;

/// <summary>A node that serves keys over HTTP on the loopback.</summary>
internal sealed class ServedNode : IAsyncDisposable
{
    /// <summary>A path that does nothing, with a response as long as that of a get.</summary>
    public const string Bare = "/bare";

    private readonly StatusServer _server;

    private ServedNode(KadNode node, StatusServer server, string secret) => (Node, _server, Secret) = (node, server, secret);

    public KadNode Node { get; }

    public string Address => _server.Address.ToString();

    public string Secret { get; }

    /// <param name="folder">The folder of its values; null keeps them in memory.</param>
    public static async Task<ServedNode> StartAsync(string? folder = null)
    {
        var builder = KadNode.CreateBuilder().UseUdp("127.0.0.1:0");
        var node = await (folder is null ? builder : builder.UseSqlite(folder)).BuildAsync();
        await node.StartAsync();
        var (secret, token) = ApiToken.Create("benchmark", ApiScope.All, ApiToken.MaxRate);
        var body = new string('x', 150);
        var server = await StatusServer.StartAsync(
            new HttpPlace(new IPEndPoint(IPAddress.Loopback, 0), HostNames.None, "--http", "--http-host", HttpLimits.MostConnections),
            () => new Health(Health.Ready),
            pages =>
            {
                pages.MapDhtApi();
                pages.MapGet(Bare, context => context.Response.WriteAsync(body));
            },
            services => services.AddSingleton<IDht>(node).AddSingleton(node.Admin).AddDhtApi(new ApiTokens(token)),
            NullLoggerFactory.Instance,
            CancellationToken.None);
        return new ServedNode(node, server, secret);
    }

    public static HttpClient Client(string address, string token)
    {
        var http = new HttpClient(new SocketsHttpHandler()) { BaseAddress = new Uri($"http://{address}"), Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await Node.DisposeAsync();
    }
}
