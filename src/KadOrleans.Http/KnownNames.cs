namespace KadOrleans.Http;

/// <summary>Refuses parameters and fields that an endpoint does not know: a slip in a name would else change what a request does.</summary>
internal static class KnownNames
{
    /// <summary>Refuses parameters of the query that an endpoint of the group does not read. It reads those that its handler has as text.</summary>
    public static void RefuseUnknownParameters(this RouteGroupBuilder api) => api.AddEndpointFilterFactory((factory, next) =>
    {
        var parameters = factory.MethodInfo.GetParameters();
        string[] read = [.. parameters.Where(parameter => parameter.ParameterType == typeof(string)).Select(parameter => parameter.Name!)];
        return context =>
        {
            CheckParameters(context.HttpContext, read);
            return next(context);
        };
    });

    /// <summary>Refuses fields of an object beyond these. All of its text must be Unicode.</summary>
    public static void CheckFields(JsonElement json, IReadOnlyList<string> fields)
    {
        foreach (var field in json.EnumerateObject().Select(field => field.Name).Where(field => !fields.Contains(field)))
        {
            throw new ApiProblemException(ProblemType.UnknownName, Describe("field", field, fields));
        }
    }

    /// <summary>Says that a name is unknown, in one sentence, and which one may be meant or which there are.</summary>
    public static string Describe(string what, string name, IReadOnlyCollection<string> known)
    {
        var hint = Suggestion.Nearest(name, known) is { } nearest ? $"did you mean '{nearest}'?"
            : known.Count == 0 ? "none is allowed here."
            : $"{string.Join(", ", known)} {(known.Count == 1 ? "is" : "are")} allowed.";
        return $"The {what} '{VisibleText.Excerpt(name)}' is unknown; {hint}";
    }

    private static void CheckParameters(HttpContext context, string[] read)
    {
        if (context.Request.Query.Count == 0)
        {
            return;
        }

        var inPath = ((RouteEndpoint)context.GetEndpoint()!).RoutePattern.Parameters.Select(parameter => parameter.Name);
        var known = read.Except(inPath, StringComparer.OrdinalIgnoreCase).ToList();
        foreach (var name in context.Request.Query.Keys.Where(name => !known.Contains(name, StringComparer.OrdinalIgnoreCase)))
        {
            throw new ApiProblemException(ProblemType.UnknownName, Describe("parameter", name, known));
        }

        if (context.Request.Query.FirstOrDefault(given => given.Value.Count > 1) is { Key: { } twice })
        {
            throw ApiProblemException.Wrong($"The parameter '{VisibleText.Excerpt(twice)}' is given more than once; once is allowed.");
        }
    }
}
