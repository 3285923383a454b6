global using System.Net;
global using System.Text;
global using System.Text.Json;
global using KadOrleans.Core;
global using KadOrleans.Core.Values;
