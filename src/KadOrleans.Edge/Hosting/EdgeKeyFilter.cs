using KadOrleans.Edge.Configuration;
using KadOrleans.Grains.Abstractions.Access;

namespace KadOrleans.Edge.Hosting;

/// <summary>Sends the edge's key with each call to the silos.</summary>
internal sealed class EdgeKeyFilter(string key) : IOutgoingGrainCallFilter
{
    /// <summary>Adds it if a key is set.</summary>
    /// <exception cref="ConfigurationException">The key is too short or too long; it is not told.</exception>
    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        if (configuration[EdgeKey.Setting]?.Trim() is not { Length: > 0 } key)
        {
            return;
        }

        if (key.Length is < EdgeKey.MinLength or > EdgeKey.MaxLength)
        {
            throw new ConfigurationException(
                $"{EdgeKey.Setting} has {key.Length} characters; {EdgeKey.MinLength} to {EdgeKey.MaxLength} are allowed.");
        }

        services.AddSingleton<IOutgoingGrainCallFilter>(new EdgeKeyFilter(key));
    }

    public Task Invoke(IOutgoingGrainCallContext context)
    {
        RequestContext.Set(EdgeKey.ContextKey, key);
        return context.Invoke();
    }
}
