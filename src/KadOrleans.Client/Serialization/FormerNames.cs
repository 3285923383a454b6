using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Serialization.Invocation;
using Orleans.Serialization.TypeSystem;

namespace KadOrleans.Client;

// A response has the name of its result's type. NameUse has no alias, so silos and edges of the builds before know it only by its former
// name and assembly. It is written and read by these.
internal sealed class FormerNames : ITypeConverter
{
    public static readonly ServiceDescriptor Service = ServiceDescriptor.Singleton<ITypeConverter, FormerNames>();

    private static readonly Dictionary<Type, string> Names = new()
    {
        [typeof(NameUse)] = Former(typeof(NameUse)),
        [typeof(Response<NameUse>)] = Former(typeof(Response<NameUse>)),
    };

    public bool TryFormat(Type type, out string formatted) => Names.TryGetValue(type, out formatted!);

    public bool TryParse(string formatted, out Type type)
    {
        type = Names.FirstOrDefault(name => name.Value == formatted).Key;
        return type is not null;
    }

    private static string Former(Type type) => RuntimeTypeNameFormatter.Format(type).Replace(
        RuntimeTypeNameFormatter.Format(typeof(NameUse)),
        "KadOrleans.Grains.Abstractions.Edges.NameUse,KadOrleans.Grains.Abstractions",
        StringComparison.Ordinal);
}
