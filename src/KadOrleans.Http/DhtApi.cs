using System.Text.Encodings.Web;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace KadOrleans.Http;

/// <summary>The API for programs in any language, below <c>/v1</c>: keys, batches, nodes and status, over any <see cref="IDht"/>.</summary>
internal static class DhtApi
{
    public const string Root = "/v1";

    /// <summary>The path of the OpenAPI document. It needs no token: it says what the product's documentation says.</summary>
    public const string Document = "/v1/openapi.json";

    /// <summary>Adds what the endpoints need, except <see cref="IDht"/>.</summary>
    public static IServiceCollection AddDhtApi(this IServiceCollection services, ApiTokens tokens)
    {
        TokenAuthentication.Add(services, tokens);
        services.TryAddSingleton(TimeProvider.System);
        return services
            .ConfigureHttpJsonOptions(json => Configure(json.SerializerOptions))
            .AddSingleton<AuditLog>()
            .AddSingleton<KeyTexts>()
            .AddSingleton<FailedWrites>()
            .AddSingleton<ProblemFilter>()
            .AddSingleton<StoreFigureSource>()
            .AddSingleton<TokenRates>()
            .AddSingleton<BodyBudget>()
            .AddSingleton<ExportTurns>()
            .AddSingleton<ApiDocumentContent>()
            .AddOpenApi(ApiDocumentContent.Name, options =>
            {
                options.OpenApiVersion = ApiDocumentContent.Version;
                options.AddDocumentTransformer<ApiDocument>().AddOperationTransformer<ApiDocument>().AddSchemaTransformer<ApiDocument>();
            });
    }

    /// <summary>The same, with tokens of a file that is read again while the process runs.</summary>
    public static IServiceCollection AddDhtApi(this IServiceCollection services, TokenFile file)
    {
        services.AddHealthChecks().AddCheck(nameof(TokenFile), file);
        return services.AddDhtApi(file.Tokens).AddSingleton(file).AddHostedService<TokenFileReader>();
    }

    /// <summary>Maps the endpoints; those of the management only if there is an <see cref="IDhtAdmin"/>.</summary>
    public static void MapDhtApi(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet(Document, async (HttpContext context, ApiDocumentContent content) => (await content.GetAsync(context.Request.PathBase)).Respond(context))
            .AllowAnonymous()
            .ExcludeFromDescription();
        var api = endpoints.MapGroup(Root)
            .WithTags("DHT")
            .WithMetadata(new RequestTarget.AsSent())
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status429TooManyRequests)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        api.AddEndpointFilter(endpoints.ServiceProvider.GetRequiredService<ProblemFilter>());
        api.AddEndpointFilter(endpoints.ServiceProvider.GetRequiredService<TokenRates>());
        api.RefuseUnknownParameters();
        KeyApi.Map(api);
        WatchApi.Map(api);
        ItemApi.Map(api);
        BatchApi.Map(api);
        NetworkApi.Map(api);
        if (endpoints.ServiceProvider.GetService<IDhtAdmin>() is not null)
        {
            AdminApi.Map(api);
        }

        ProblemType.Map(endpoints);

        // Routing answers a wrong method or path without a sentence.
        endpoints.Map($"{Root}/{{**rest}}", new UnknownRequests(endpoints).Respond)
            .WithMetadata(new RequestSizeLimitAttribute(ValueBody.MaxBodyBytes))
            .ExcludeFromDescription();
    }

    // Ids, addresses and bans are text; durations are seconds.
    private static void Configure(JsonSerializerOptions json)
    {
        json.Encoder = JavaScriptEncoder.Default;
        json.Converters.Add(new Written<NodeId>((writer, id) => writer.WriteStringValue(id.ToString())));
        json.Converters.Add(new Written<UdpEndpoint>((writer, endpoint) => writer.WriteStringValue(endpoint.ToString())));
        json.Converters.Add(new Written<Ban>((writer, ban) => writer.WriteStringValue(ban.ToString())));
        json.Converters.Add(new Written<TimeSpan>((writer, time) => writer.WriteNumberValue(time.TotalSeconds)));
        json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
    }

    private sealed class Written<T>(Action<Utf8JsonWriter, T> write) : JsonConverter<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => write(writer, value);
    }
}
