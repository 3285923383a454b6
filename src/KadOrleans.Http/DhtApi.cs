using System.Text.Encodings.Web;
using KadOrleans.Core;
using KadOrleans.Http.Access;
using KadOrleans.Http.Managing;
using KadOrleans.Http.Problems;
using KadOrleans.Http.Values;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace KadOrleans.Http;

/// <summary>The API for programs in any language, below <c>/v1</c>: keys, batches, nodes and status, over any <see cref="IDht"/>.</summary>
internal static class DhtApi
{
    /// <summary>The path of all endpoints.</summary>
    public const string Root = "/v1";

    /// <summary>The path of the OpenAPI document. It needs no token: it says what the product's documentation says.</summary>
    public const string Document = "/v1/openapi.json";

    private const string DocumentName = "v1";

    /// <summary>Adds what the endpoints need, except <see cref="IDht"/>.</summary>
    /// <param name="services">The server's.</param>
    /// <param name="tokens">The tokens that may call it.</param>
    public static IServiceCollection AddDhtApi(this IServiceCollection services, ApiTokens tokens)
    {
        TokenAuthentication.Add(services, tokens);
        services.TryAddSingleton(TimeProvider.System);
        return services
            .ConfigureHttpJsonOptions(json => json.SerializerOptions.Encoder = JavaScriptEncoder.Default)
            .AddSingleton<ApiLog>()
            .AddSingleton<AuditLog>()
            .AddSingleton<ProblemFilter>()
            .AddSingleton<TokenRates>()
            .AddSingleton<ExportTurn>()
            .AddOpenApi(DocumentName, options => options.AddDocumentTransformer<ApiDocument>().AddOperationTransformer<ApiDocument>());
    }

    /// <summary>Maps the endpoints; those of the management only if there is an <see cref="IDhtAdmin"/>.</summary>
    public static void MapDhtApi(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapOpenApi(Document).AllowAnonymous();
        var api = endpoints.MapGroup(Root)
            .WithTags("DHT")
            .ProducesProblem(StatusCodes.Status401Unauthorized)
            .ProducesProblem(StatusCodes.Status403Forbidden)
            .ProducesProblem(StatusCodes.Status429TooManyRequests);
        api.AddEndpointFilter(endpoints.ServiceProvider.GetRequiredService<ProblemFilter>());
        api.AddEndpointFilter(new SessionProof());
        api.AddEndpointFilter(endpoints.ServiceProvider.GetRequiredService<TokenRates>());
        KeyApi.Map(api);
        WatchApi.Map(api);
        BatchApi.Map(api);
        NetworkApi.Map(api);
        if (endpoints.ServiceProvider.GetService<IDhtAdmin>() is not null)
        {
            AdminApi.Map(api);
        }

        // Routing answers a wrong method or path without a sentence.
        endpoints.Map($"{Root}/{{**rest}}", (HttpContext context) => ApiProblem.Create(
            StatusCodes.Status404NotFound,
            $"There is no {context.Request.Method} {VisibleText.Excerpt(context.Request.Path)}; {Document} has what there is."))
            .WithMetadata(new RequestSizeLimitAttribute(ValueBody.MaxBodyBytes))
            .ExcludeFromDescription();
    }
}
