using System.Reflection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Gives a stock Orleans client another name, as a stranger can: the name is the client's own claim.</summary>
internal static class StrangerNames
{
    public static void Take(IClientBuilder client, string name)
    {
        var details = client.Services.Single(service => service.ServiceType.Name == "LocalClientDetails").ServiceType;
        var field = details.GetField("<ClientId>k__BackingField", BindingFlags.Instance | BindingFlags.NonPublic)!;
        var id = field.FieldType.GetMethod("Create", [typeof(string)])!.Invoke(null, [name]);
        client.Services.Replace(ServiceDescriptor.Singleton(details, services =>
        {
            var named = ActivatorUtilities.CreateInstance(services, details);
            field.SetValue(named, id);
            return named;
        }));
    }
}
