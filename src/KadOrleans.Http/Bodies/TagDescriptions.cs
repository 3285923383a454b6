using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace KadOrleans.Http;

/// <summary>Describes tags, and conditions by them, in the OpenAPI document.</summary>
internal static class TagDescriptions
{
    private const string Tag = "A tag as ETag of a get or a put has it, several, or *.";

    /// <summary>Describes the headers of <see cref="TagConditions"/>.</summary>
    public static RouteHandlerBuilder TakesConditions(this RouteHandlerBuilder endpoint) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            foreach (var (name, description) in new[]
            {
                (HeaderNames.IfMatch, Tag),
                (HeaderNames.IfNoneMatch, Tag),
                (TagConditions.KeyHeader, "1 to 256 characters, new for each call, by which a request with one tag may be repeated."),
            })
            {
                operation.Parameters.Add(new OpenApiParameter
                {
                    Name = name,
                    In = ParameterLocation.Header,
                    Description = description,
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                });
            }

            return Task.CompletedTask;
        });

    /// <summary>Describes the tag of a response.</summary>
    public static RouteHandlerBuilder GivesTag(this RouteHandlerBuilder endpoint) =>
        endpoint.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            if (operation.Responses?[$"{StatusCodes.Status200OK}"] is OpenApiResponse response)
            {
                response.Headers ??= new Dictionary<string, IOpenApiHeader>();
                response.Headers[HeaderNames.ETag] = new OpenApiHeader
                {
                    Description = "The version, and the form of the body.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                };
            }

            return Task.CompletedTask;
        });
}
