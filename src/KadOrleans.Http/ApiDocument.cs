using System.Text;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace KadOrleans.Http;

/// <summary>What the OpenAPI document says beside the endpoints: title, tokens, and bodies that are not JSON.</summary>
internal sealed class ApiDocument : IOpenApiDocumentTransformer, IOpenApiOperationTransformer, IOpenApiSchemaTransformer
{
    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "KadOrleans",
            Version = "v1",
            Description = "Keys and values of a Kademlia distributed hash table.",
        };
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [TokenAuthentication.Bearer] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer" },
        };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(TokenAuthentication.Bearer, document)] = [] }];

        document.Servers = [new OpenApiServer { Url = ApiDocumentContent.Base }];
        return Task.CompletedTask;
    }

    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var bodies = (operation.Responses ?? []).Values.Select(response => response.Content).Append(operation.RequestBody?.Content);
        foreach (var (type, body) in bodies.OfType<IDictionary<string, OpenApiMediaType>>().SelectMany(content => content))
        {
            if (!type.EndsWith("json", StringComparison.Ordinal))
            {
                body.Schema = new OpenApiSchema { Type = JsonSchemaType.String };
            }
        }

        return Task.CompletedTask;
    }

    // The types that the API writes in its own way.
    public Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        schema.Type ??= type == typeof(TimeSpan) ? JsonSchemaType.Number
            : type == typeof(NodeId) || type == typeof(UdpEndpoint) || type == typeof(Ban) ? JsonSchemaType.String
            : null;
        return Task.CompletedTask;
    }
}

// The document in JSON. It is made once, when it is first asked for: that takes tens of milliseconds, and everybody may ask. The server's
// address depends on how it is reached: below the base of an app, paths begin there.
internal sealed class ApiDocumentContent([FromKeyedServices(ApiDocumentContent.Name)] IOpenApiDocumentProvider provider)
{
    public const string Name = "v1";

    // The framework's own choice changes with its releases.
    public const OpenApiSpecVersion Version = OpenApiSpecVersion.OpenApi3_1;

    /// <summary>What stands in its text for the server's address.</summary>
    public const string Base = "kad-base";

    private readonly Lazy<Task<(byte[] Text, FixedContent WithoutBase)>> _made = new(() => Task.Run(async () =>
    {
        var document = await provider.GetOpenApiDocumentAsync(CancellationToken.None);
        using var json = new MemoryStream();
        await document.SerializeAsJsonAsync(json, Version, CancellationToken.None);
        var text = json.ToArray();
        return (text, At("/", text));
    }));

    public async Task<FixedContent> GetAsync(PathString pathBase)
    {
        var (text, withoutBase) = await _made.Value;
        return pathBase.HasValue ? At(pathBase.ToUriComponent(), text) : withoutBase;
    }

    private static FixedContent At(string address, ReadOnlySpan<byte> text)
    {
        var place = text.IndexOf(Encoding.UTF8.GetBytes($"\"{Base}\"")) + 1;
        return FixedContent.Of(
            [.. text[..place], .. JsonEncodedText.Encode(address).EncodedUtf8Bytes, .. text[(place + Base.Length)..]],
            "application/json; charset=utf-8");
    }
}

internal static class RequestBodies
{
    // Describes a body and bounds its bytes. Unlike the framework's own way it does not choose the endpoint by the content type: a wrong
    // one gets a sentence. The server reads what a refused request sends, so that its connection stays usable.
    public static RouteHandlerBuilder WithBody<T>(this RouteHandlerBuilder endpoint, int most, params string[] types) =>
        endpoint.WithMetadata(new RequestSizeLimitAttribute(most)).AddOpenApiOperationTransformer(async (operation, context, cancellationToken) =>
        {
            var schema = await context.GetOrCreateSchemaAsync(typeof(T), cancellationToken: cancellationToken);
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = types.ToDictionary(type => type, _ => new OpenApiMediaType { Schema = schema }),
            };
        });
}
