using KadOrleans.Core;
using KadOrleans.Http.Problems;

namespace KadOrleans.Http.Values;

/// <summary>An id in a path or a query.</summary>
internal static class RequestedId
{
    /// <summary>Parses an id.</summary>
    /// <param name="name">The parameter, or the beginning of the sentence.</param>
    /// <param name="text">Its text.</param>
    /// <exception cref="ApiProblemException">It is none.</exception>
    public static NodeId Parse(string name, string text) => NodeId.TryParse(text, out var id)
        ? id
        : throw ApiProblemException.Wrong($"{name} is '{VisibleText.Excerpt(text)}'; {NodeId.Length * 2} hexadecimal digits are needed.");

    /// <summary>Parses an id that may be missing.</summary>
    /// <param name="name">The parameter.</param>
    /// <param name="text">Its text; null if it is missing.</param>
    /// <exception cref="ApiProblemException">It is none.</exception>
    public static NodeId? Find(string name, string? text) => text is null ? null : Parse(name, text);
}
